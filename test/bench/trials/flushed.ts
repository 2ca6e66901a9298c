/** `recordBatch()` of one client at level `flushed`, several batches in flight: events per second. */
import { startDaemon } from '../bench-daemon.ts';
import { measureRate, sendBatches } from '../load.ts';
import { reportFigures, type Surroundings, trialInput } from '../trial-input.ts';

const input = trialInput() as Surroundings & { events: number; seed: number };
await using daemon = await startDaemon(input);
const client = daemon.connect();
await client.ready();
const eventsPerSecond = await measureRate(
  [
    (events, inFlight) =>
      sendBatches(events, inFlight, async (batch) => {
        const { stored, level } = await client.recordBatch(batch, { durability: 'flushed' });
        if (stored !== batch.length || level !== 'flushed') throw new Error(`${stored} of ${batch.length} stored`);
      }),
  ],
  input.events,
  input.seed,
);
reportFigures({ eventsPerSecond });
