/**
 * What is wanted of the figures. A target with `against` is about the ratio of two; one without `bound` is there to compare
 * the others by.
 */
import type { FigureName } from './figures.ts';

export interface FigureOf {
  trial: string;
  figure: FigureName;
}

export interface Target {
  what: string;
  is?: '>=' | '<=';
  bound?: number;
  of: FigureOf;
  against?: FigureOf;
}

const rate = (trial: string): FigureOf => ({ trial, figure: 'eventsPerSecond' });
const figureOf = (trial: string, figure: FigureName): FigureOf => ({ trial, figure });
const target =
  (is: NonNullable<Target['is']>) =>
  (bound: number, what: string, of: FigureOf, against?: FigureOf): Target => ({
    what,
    is,
    bound,
    of,
    ...(against !== undefined && { against }),
  });
const atLeast = target('>=');
const atMost = target('<=');

/** Both ways to send a batch to Redis: a promise for each XADD, and an explicit pipeline. */
const againstRedis = (bound: number, what: string, ours: string, theirs: string): Target[] => [
  atLeast(bound, what, rate(ours), rate(theirs)),
  atLeast(bound, 'the same against explicit pipelines', rate(ours), rate(`${theirs}, pipelined`)),
];

export const targets: readonly Target[] = [
  ...againstRedis(1.8, 'committed events/s, one client, against Redis Streams everysec', 'daybook', 'redis everysec'),
  atLeast(
    1.2,
    'committed and indexed for search, events/s, one client, against Redis Streams everysec',
    rate('daybook, searchable'),
    rate('redis everysec'),
  ),
  ...againstRedis(
    1.8,
    'committed events/s, 8 clients in one process, against the same',
    'daybook, 8 clients',
    'redis everysec, 8 clients',
  ),
  atLeast(
    4,
    'committed events/s, one client, against JetStream, file storage with a dedup window',
    rate('daybook'),
    rate('jetstream'),
  ),
  atLeast(
    0.5,
    'committed events/s, one client, against the bare in-process insert',
    rate('daybook'),
    rate('bare insert'),
  ),
  ...againstRedis(1.5, 'flushed events/s against Redis appendfsync always', 'daybook flushed', 'redis always'),
  atLeast(
    0.9,
    'rate at 10 M rows against rate at 100 k rows',
    figureOf('ten million', 'lastEventsPerSecond'),
    figureOf('ten million', 'firstEventsPerSecond'),
  ),
  atMost(
    1.5,
    'one awaited committed event against Redis XADD everysec, p50',
    figureOf('daybook, one awaited', 'p50Ms'),
    figureOf('redis everysec, one awaited', 'p50Ms'),
  ),
  atMost(
    2,
    'the same, p99',
    figureOf('daybook, one awaited', 'p99Ms'),
    figureOf('redis everysec, one awaited', 'p99Ms'),
  ),
  { what: 'floor: echo of the same frame by another process, p50', of: figureOf('floor: echo', 'p50Ms') },
  {
    what: 'floor: the same, through a thread of that process and back',
    of: figureOf('floor: echo through a thread', 'p50Ms'),
  },
  atMost(
    1.2,
    'one awaited flushed event against Redis XADD always, p50',
    figureOf('daybook flushed, one awaited', 'p50Ms'),
    figureOf('redis always, one awaited', 'p50Ms'),
  ),
  atMost(1.5, "caller's time in record(), amortised, encoding included", figureOf('daybook', 'recordMicroseconds')),
  ...aboutQuestions('newest 100 of a type', 'newestOfTypeP50Ms'),
  ...aboutQuestions('100 of a time range', 'timeRangeP50Ms'),
  atMost(2, 'counts by type and hour over everything at 10 M rows, p50', figureOf('questions at 10 M', 'countsP50Ms')),
  atMost(
    2,
    'receipt p99 while the slowest query runs, against without',
    figureOf('receipts beside a query', 'receiptP99Ratio'),
  ),
  atMost(245, 'bytes per event on disk at 10 M rows, after a checkpoint', figureOf('ten million', 'diskBytesPerEvent')),
  atMost(60, 'private memory of the daemon, peak over 1 M events', figureOf('memory and idle', 'peakPrivateMegabytes')),
  atMost(40, 'the same, idle for a minute after it', figureOf('memory and idle', 'idlePrivateMegabytes')),
  atMost(
    0.2,
    'idle with 5 silent clients for a minute: wake-ups of all threads',
    figureOf('memory and idle', 'idleWakeUpsPerSecond'),
  ),
  atMost(0, 'the same: CPU time', figureOf('memory and idle', 'idleCpuTicks')),
  atMost(250, 'daybook daemon from exec to accepting, 10 M rows', figureOf('start at 10 M', 'startMs')),
  atMost(
    3,
    'daybook list, whole process, against node -e 0',
    figureOf('list at 10 M', 'listMs'),
    figureOf('list at 10 M', 'nodeMs'),
  ),
];

/** Answered in a millisecond, whatever the size. */
function aboutQuestions(what: string, p50: FigureName): Target[] {
  const small = figureOf('questions at 1 M', p50);
  const large = figureOf('questions at 10 M', p50);
  return [
    atMost(1, `${what} at 1 M rows, p50`, small),
    atMost(1, `${what} at 10 M rows, p50`, large),
    atMost(1.3, `${what}, 10 M against 1 M rows`, large, small),
  ];
}
