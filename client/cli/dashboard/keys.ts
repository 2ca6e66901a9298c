/** What somebody has pressed. */
export type Key =
  | { text: string }
  | { name: 'enter' | 'escape' | 'backspace' | 'clear-line' | 'interrupt' | 'suspend' | 'redraw' | 'end' };

const ESCAPE = '\u001b';
/** Arrows, function keys and such: ECMA-48 control sequences, and those with SS3. */
// oxlint-disable-next-line no-control-regex
const SEQUENCE = /^\u001b(?:\[[0-?]*[ -/]*[@-~]|O.|\[\[.)/;

const controls: { readonly [character: string]: Exclude<Key, { text: string }>['name'] } = {
  '\r': 'enter',
  '\n': 'enter',
  '\u0003': 'interrupt',
  '\u0004': 'end',
  '\u0008': 'backspace',
  '\u000c': 'redraw',
  '\u0015': 'clear-line',
  '\u001a': 'suspend',
  '\u007f': 'backspace',
};

/** The keys in what a terminal in raw mode has sent at once. Keys that mean nothing here are left out. */
export function keysIn(input: string): Key[] {
  const keys: Key[] = [];
  for (let rest = input; rest !== ''; ) {
    const [sequence] = SEQUENCE.exec(rest) ?? [];
    if (sequence !== undefined) {
      rest = rest.slice(sequence.length);
      continue;
    }
    const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
    rest = rest.slice(character.length);
    const name = character === ESCAPE ? 'escape' : controls[character];
    if (name !== undefined) keys.push({ name });
    else if (character >= ' ') keys.push({ text: character });
  }
  return keys;
}
