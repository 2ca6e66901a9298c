import { type CompletedCommand, everyCommand, type Values } from './command-tree.ts';
import { fishQuoted } from './shell-text.ts';

export function fishCompletion(tree: CompletedCommand): string {
  const commands = everyCommand(tree);
  const places = commands.flatMap(({ place }) => (place === '' ? [] : [fishQuoted(place)]));
  const lines = commands.flatMap(({ place, options, subcommands, argument }) => {
    const at = `complete -c daybook -n ${fishQuoted(`__daybook_at '${place}'`)}`;
    return [
      ...subcommands.map(({ name, description }) => `${at} -f -a ${name} -d ${fishQuoted(description)}`),
      ...(argument === 'anything' ? [] : [`${at} -f -a ${offered(argument)}`]),
      ...options.map(
        ({ flags, description, values }) => `${at}${flagText(flags)}${valueText(values)} -d ${fishQuoted(description)}`,
      ),
    ];
  });
  return `# Completion of daybook for fish: daybook completions fish > ~/.config/fish/completions/daybook.fish
function __daybook_at
  set -l place ''
  set -l words (commandline -opc)
  set -e words[1]
  for word in $words
    switch "$place/$word"
      case ${places.join(' ')}
        set place "$place/$word"
    end
  end
  test "$place" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function flagText(flags: readonly string[]): string {
  return flags.map((flag) => (flag.startsWith('--') ? ` -l ${flag.slice(2)}` : ` -s ${flag.slice(1)}`)).join('');
}

function valueText(values: Values | undefined): string {
  if (values === undefined) return '';
  return values === 'anything' ? ' -r' : ` -x -a ${offered(values)}`;
}

function offered(values: Exclude<Values, 'anything'>): string {
  return fishQuoted(
    typeof values === 'string' ? `(daybook completions values ${values} 2>/dev/null)` : values.join(' '),
  );
}
