import type { EventInput } from '../../client/index.ts';
import { seededRandom } from '../harness/seeded-random.ts';

export type BenchEvent = Omit<EventInput, 'timestamp'> & { timestamp: number };
type Content = Omit<EventInput, 'timestamp'>;

/** Events of about 231 B of JSON on average, in the shares that a desk day has. */
export function* corpus(count: number, seed: number): Generator<BenchEvent, void, undefined> {
  const random = seededRandom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  const word = () => pick(WORDS);
  let timestamp = 1_790_000_000;
  for (let index = 0; index < count; index += 1) {
    timestamp += random() * 0.02;
    const share = random();
    if (share < 0.6) yield { timestamp, ...fileOperation(word, pick, index) };
    else if (share < 0.8) yield { timestamp, ...appFocus(word, pick, index) };
    else if (share < 0.95) yield { timestamp, ...browserVisit(word, index) };
    else if (share < 0.98) yield { timestamp, ...systemSample(random) };
    else yield { timestamp, ...clipboard(word, random) };
  }
}

type Word = () => string;
type Pick = <Item>(items: readonly Item[]) => Item;

function fileOperation(word: Word, pick: Pick, index: number): Content {
  const dir = `/Users/someone/Documents/${word()}/${word()}`;
  const ext = pick(['.docx', '.ts', '.md', '.pdf', '.png']);
  const name = `${word()}-${index}${ext}`;
  return {
    type: 'file_op',
    source: 'fs',
    action: pick(['create', 'modify', 'modify', 'delete']),
    data: { path: `${dir}/${name}`, name, ext, dir },
  };
}

function appFocus(word: Word, pick: Pick, index: number): Content {
  const app = pick(['Mail', 'Safari', 'Code', 'Terminal', 'Notes', 'Calendar']);
  const title = `${word()} ${word()} — ${word()} ${index}`;
  return { type: 'app', source: 'apps', action: 'focus', data: { app, title, pid: 400 + (index % 60_000) } };
}

function browserVisit(word: Word, index: number): Content {
  const url = `https://${word()}.example.com/${word()}/${word()}?q=${word()}${index}`;
  return { type: 'browser', source: 'browser', action: 'visit', data: { url, title: `${word()} ${word()} ${word()}` } };
}

function systemSample(random: () => number): Content {
  const data = {
    cpu: random() * 100,
    memory: random() * 100,
    disk: random() * 100,
    battery: Math.round(random() * 100),
  };
  return { type: 'system', source: 'sys', action: 'sample', data };
}

function clipboard(word: Word, random: () => number): Content {
  const text = Array.from({ length: 150 + Math.floor(random() * 60) }, word).join(' ');
  return { type: 'clipboard', source: 'clipboard', action: 'copy', data: { text } };
}

const WORDS = (
  'report invoice budget meeting notes draft review plan client server config deploy test photo travel recipe garden ' +
  'music project design protocol schedule letter contract research summary archive backup memory calendar'
).split(' ');
