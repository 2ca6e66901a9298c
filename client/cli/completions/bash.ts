import { type CompletedCommand, everyCommand, type Values } from './command-tree.ts';
import { quoted } from './shell-text.ts';

/** For bash 3.2, which macOS has, and newer. */
export function bashCompletion(tree: CompletedCommand): string {
  const commands = everyCommand(tree);
  const places = commands.flatMap(({ place }) => (place === '' ? [] : [place]));
  const afterFlag = commands.flatMap(({ place, options }) =>
    options.flatMap(({ flags, values }) =>
      values === undefined
        ? []
        : [`    ${flags.map((flag) => quoted(`${place} ${flag}`)).join('|')}) ${offer(values)}; return ;;\n`],
    ),
  );
  const flagsOf = commands.map(
    ({ place, options }) =>
      `      ${quoted(place)}) _daybook_words ${quoted(options.flatMap(({ flags }) => flags).join(' '))} ;;\n`,
  );
  const wordsOf = commands.map(({ place, subcommands, argument }) => {
    const names = subcommands.map(({ name }) => name);
    const offers = [...(names.length > 0 ? [offer(names)] : []), ...(argument === 'anything' ? [] : [offer(argument)])];
    return offers.length === 0 ? '' : `      ${quoted(place)}) ${offers.join('; ')} ;;\n`;
  });
  return `# Completion of daybook for bash: source <(daybook completions bash)
_daybook_words() {
  local word
  for word in $1; do
    [[ $word == "$_daybook_current"* ]] && COMPREPLY+=("$word")
  done
}
_daybook_names() {
  local name
  while IFS= read -r name; do
    [[ $name == "$_daybook_current"* ]] && COMPREPLY+=("$(printf '%q' "$name")")
  done < <(daybook completions values "$1" 2>/dev/null)
}
_daybook() {
  local _daybook_current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" place='' word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$place/$word" in
      ${places.join('|')}) place="$place/$word" ;;
    esac
  done
  case "$place $previous" in
${afterFlag.join('')}  esac
  if [[ $_daybook_current == -* ]]; then
    case "$place" in
${flagsOf.join('')}    esac
  else
    case "$place" in
${wordsOf.join('')}    esac
  fi
}
complete -o default -F _daybook daybook
`;
}

function offer(values: Values): string {
  if (values === 'anything') return ':';
  return typeof values === 'string' ? `_daybook_names ${values}` : `_daybook_words ${quoted(values.join(' '))}`;
}
