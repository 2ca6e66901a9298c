import { line, type Line, span } from './line.ts';

const keys: readonly (readonly [key: string, does: string])[] = [
  ['q, Ctrl-C', 'quit'],
  ['p', 'pause: nothing is asked and nothing is drawn until p is pressed again'],
  ['f, /', 'show only types and sources with this text in their name; Esc shows all'],
  ['s', 'sort the types by count, by rate or by name'],
  ['Ctrl-L', 'draw everything anew'],
  ['?', 'this, and back'],
];

const words: readonly (readonly [word: string, means: string])[] = [
  ['last 60 min', 'events by their own time, in minutes of the clock; the last one is under way'],
  ['size', 'database and write-ahead log'],
  ['since start', 'of the daemon: stored, sent twice and so stored once, refused'],
  ['events/s now', 'stored between the last two looks, a second or so apart'],
  ['receipts', 'from taking up a request to sending its receipt, the last 60 seconds'],
  ['batch', 'events in one commit, and what starts one though nobody waits'],
  ['late, stalled', 'a source that was declared to send more often than it does'],
  ['AI learning', "what learners have stored: 'daybook patterns', 'daybook samples'"],
];

/** What the keys do and the words mean. */
export function help(width: number): Line[] {
  const rows = (list: readonly (readonly [string, string])[]) =>
    list.map(([what, means]) => line(width, span(`  ${what.padEnd(15)}`, 'cyan'), span(means)));
  return [line(width, span('Keys', 'bold')), ...rows(keys), [], line(width, span('Words', 'bold')), ...rows(words)];
}
