/**
 * `record()` of one or several clients in this process: events per second until they are committed, or until the search
 * index has them too, and the caller's time.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { indexedTo } from '../../harness/indexed-to.ts';
import { startDaemon } from '../bench-daemon.ts';
import { measureRate, RecordClock, recordInBatches, type Send } from '../load.ts';
import { reportFigures, type Surroundings, trialInput } from '../trial-input.ts';

const input = trialInput() as Surroundings & {
  events: number;
  seed: number;
  clients: number;
  search?: 'off' | 'awaited';
};
await using daemon = await startDaemon(
  input,
  undefined,
  input.search === 'off' ? { persistence: { search: false } } : undefined,
);
const clients = Array.from({ length: input.clients }, (_, index) => daemon.connect({ clientName: `bench-${index}` }));
await Promise.all(clients.map((client) => client.ready()));
let clock = new RecordClock();
const senders = clients.map(
  (client): Send =>
    async (events, inFlight) => {
      clock = new RecordClock();
      await recordInBatches(client, events, inFlight, clock);
      if (input.search !== 'awaited') return;
      const stored = clients.reduce((sum, { counters }) => sum + counters.stored, 0);
      while (indexedTo(daemon.paths.database) < stored) await pause(5);
    },
);
const eventsPerSecond = await measureRate(senders, input.events, input.seed);
const rejected = clients.reduce((sum, { counters }) => sum + counters.rejected + counters.dropped, 0);
const { total_stored: stored } = await daemon.connect().stats();
if (rejected > 0 || stored < input.events) throw new Error(`${stored} of ${input.events} stored, ${rejected} rejected`);
reportFigures({
  eventsPerSecond,
  ...(input.clients === 1 && { recordMicroseconds: (clock.ms * 1000) / clock.events }),
});
