/**
 * A process that records while daemons come and go: `node spooling-process.ts SOCKET FIRST SEED`. On stdout it says which
 * events it is about to record (`sent N`), and up to which all are acknowledged or on disk (`kept N`).
 */
import { writeSync } from 'node:fs';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../client/index.ts';
import { seededRandom } from '../harness/seeded-random.ts';
import { spooled, spoolingClientName } from './spooled-event.ts';

const [socketPath = '', first, seed] = process.argv.slice(2);
const random = seededRandom(Number(seed));
const client = connect({ socketPath, clientName: spoolingClientName });
const say = (line: string) => writeSync(1, `${line}\n`);

for (let n = Number(first); ; ) {
  const last = n + Math.floor(random() * 20);
  say(`sent ${last}`);
  for (; n <= last; n += 1) if (!client.record(spooled(n))) throw new Error(`event ${n} was not taken`);
  await turn();
  await pause(random() * 5);
  const { pending, spooled: onDisk } = client.counters;
  if (pending === onDisk) say(`kept ${last}`);
}
