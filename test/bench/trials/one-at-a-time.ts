/** One event after another, each awaited: milliseconds from `recordBatch()` to the receipt. */
import type { Durability } from '../../../client/index.ts';
import { startDaemon } from '../bench-daemon.ts';
import { measureLatency } from '../latency.ts';
import { reportFigures, type Surroundings, trialInput } from '../trial-input.ts';

const input = trialInput() as Surroundings & { events: number; seed: number; durability: Durability };
await using daemon = await startDaemon(input);
const client = daemon.connect();
await client.ready();
const { durability } = input;
reportFigures(await measureLatency(input.events, input.seed, (event) => client.recordBatch([event], { durability })));
