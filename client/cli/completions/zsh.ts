import { type CompletedCommand, everyCommand, type Values } from './command-tree.ts';
import { quoted } from './shell-text.ts';

export function zshCompletion(tree: CompletedCommand): string {
  const commands = everyCommand(tree);
  const places = commands.flatMap(({ place }) => (place === '' ? [] : [place]));
  const afterFlag = commands.flatMap(({ place, options }) =>
    options.flatMap(({ flags, values }) =>
      values === undefined
        ? []
        : [`    (${flags.map((flag) => quoted(`${place} ${flag}`)).join('|')}) ${offer(values)}; return ;;\n`],
    ),
  );
  const flagsOf = commands.map(({ place, options }) => {
    const found = options.flatMap(({ flags, description }) => flags.map((flag) => described(flag, description)));
    return `      (${quoted(place)}) found=(${found.join(' ')}) ;;\n`;
  });
  const wordsOf = commands.map(({ place, subcommands, argument }) => {
    if (subcommands.length === 0)
      return argument === 'anything' ? '' : `      (${quoted(place)}) ${offer(argument)}; return ;;\n`;
    const words = subcommands.map(({ name, description }) => described(name, description));
    if (typeof argument === 'object') words.push(...argument.map(quoted));
    return `      (${quoted(place)}) found=(${words.join(' ')}) ;;\n`;
  });
  return `#compdef daybook
# Completion of daybook for zsh: source <(daybook completions zsh), behind compinit; or a file _daybook in $fpath.
_daybook_names() {
  local -a names
  names=("\${(@f)$(daybook completions values $1 2>/dev/null)}")
  names=(\${names:#})
  (( \${#names} )) && compadd -a names
}
_daybook() {
  local current="\${words[CURRENT]}" previous="\${words[CURRENT-1]}" place='' word
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$place/$word" in
      (${places.join('|')}) place="$place/$word" ;;
    esac
  done
  case "$place $previous" in
${afterFlag.join('')}  esac
  if [[ $current == -* ]]; then
    case "$place" in
${flagsOf.join('')}    esac
  else
    case "$place" in
${wordsOf.join('')}    esac
  fi
  if (( \${#found} )); then _describe daybook found; else _files; fi
}
if [[ "\${funcstack[1]}" == _daybook ]]; then _daybook "$@"; else compdef _daybook daybook; fi
`;
}

function described(word: string, description: string): string {
  return quoted(`${word.replaceAll(':', String.raw`\:`)}:${description}`);
}

function offer(values: Values): string {
  if (values === 'anything') return '_files';
  return typeof values === 'string' ? `_daybook_names ${values}` : `compadd -- ${values.map(quoted).join(' ')}`;
}
