/** Questions over the socket, one after the other, to a daemon that has nothing else to do: milliseconds to the answer. */
import type { QueryRequest } from '../../../client/index.ts';
import { startDaemon } from '../bench-daemon.ts';
import { percentile } from '../statistics.ts';
import { type Figures, reportFigures, type Surroundings, trialInput } from '../trial-input.ts';

const PAGE_EVENTS = 100;
const TYPES = ['file_op', 'app', 'browser', 'system', 'clipboard'];
/** The corpus has 100 events a second on average. */
const RANGE_SECONDS = 10;

const input = trialInput() as Surroundings & { home: 'oneMillion' | 'tenMillion'; warmUp: number; questions: number };
await using daemon = await startDaemon(input, input.homes[input.home]);
const client = daemon.connect();
const { capabilities } = await client.ready();
const [oldest, newest] = await Promise.all([
  client.page({ order: 'asc', limit: 1 }),
  client.page({ order: 'desc', limit: 1 }),
]);
const from = oldest.events[0]?.timestamp ?? Number.NaN;
const to = newest.events[0]?.timestamp ?? Number.NaN;

const figures: Figures = {};
await measure('newestOfType', (n) => page({ filter: { types: [TYPES[n % TYPES.length] ?? ''] } }));
// Places all over the history, none of them twice.
await measure('timeRange', (n) => {
  const since = from + (((n * 0.618_034) % 1) * 0.99 + 0.005) * (to - from);
  return page({ filter: { since, until: since + RANGE_SECONDS } });
});
if (capabilities.includes('count')) {
  const { total_events: total } = (await client.stats()).database_stats;
  await measure('counts', async () => {
    const groups = await client.count({ by: ['type', 'hour'] });
    const counted = groups.reduce((sum, { count }) => sum + count, 0);
    if (counted !== total) throw new Error(`${counted} of ${total} events counted`);
  });
}
reportFigures(figures);

async function page(request: Partial<QueryRequest>): Promise<void> {
  const { events } = await client.page({ ...request, limit: PAGE_EVENTS });
  if (events.length !== PAGE_EVENTS) throw new Error(`a page of ${events.length} events`);
}

async function measure(name: string, ask: (n: number) => Promise<void>): Promise<void> {
  const times: number[] = [];
  for (let n = 0; n < input.warmUp + input.questions; n += 1) {
    const started = performance.now();
    await ask(n);
    times.push(performance.now() - started);
  }
  const measured = times.slice(input.warmUp);
  figures[`${name}P50Ms`] = percentile(measured, 0.5);
  figures[`${name}P99Ms`] = percentile(measured, 0.99);
}
