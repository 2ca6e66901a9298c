/** What the daemon should answer, worked out over an array of events. */
import * as fc from 'fast-check';
import type { StoredEvent } from '../../shared/event.ts';
import type { Condition } from '../../shared/messages/condition.ts';
import type { EventFilter } from '../../shared/messages/filter.ts';
import type { Order, QueryReply, QueryRequest } from '../../shared/messages/query.ts';

export function matchesModel(event: StoredEvent, filter: EventFilter): boolean {
  const { since, until, types, sources, actions, where = [] } = filter;
  return (
    (since === undefined || event.timestamp >= since) &&
    (until === undefined || event.timestamp < until) &&
    (types === undefined || types.includes(event.type)) &&
    (sources === undefined || sources.includes(event.source)) &&
    (actions === undefined || (event.action !== undefined && actions.includes(event.action))) &&
    where.every((condition) => holdsModel(event, condition))
  );
}

/** Only of conditions that `anyFilter` has. */
function holdsModel({ type, data: { n } }: StoredEvent, { path, op, value }: Condition): boolean {
  if (path[0] === 'type') return op === '=' ? type === value : type.includes(String(value));
  if (n === undefined) return false;
  return op === '<' ? Number(n) < Number(value) : n !== value;
}

/** Everything that a listing shows, in its order. */
export function listModel(
  events: readonly StoredEvent[],
  filter: EventFilter,
  order: Order,
  maxId?: number,
): StoredEvent[] {
  const direction = order === 'asc' ? 1 : -1;
  return events
    .filter((event) => matchesModel(event, filter) && (maxId === undefined || event.id <= maxId))
    .toSorted((a, b) => direction * (a.timestamp - b.timestamp || a.id - b.id));
}

/** Walks a listing page by page to its end. `between` runs after each page. */
export function walk(
  page: (request: QueryRequest) => QueryReply,
  request: QueryRequest,
  between: (reply: QueryReply) => void = () => undefined,
): StoredEvent[] {
  const events: StoredEvent[] = [];
  let { cursor } = request;
  for (let pages = 0; pages < 100_000; pages += 1) {
    const reply = page({ ...request, ...(cursor !== undefined && { cursor }) });
    if (reply.events.length > request.limit) throw new Error(`${reply.events.length} events for ${request.limit}`);
    events.push(...reply.events);
    between(reply);
    if (reply.cursor === null) return events;
    if (reply.cursor === cursor) throw new Error('the cursor does not move');
    cursor = reply.cursor;
  }
  throw new Error('the listing has no end');
}

const types = ['file', 'app', 'web'];
const sources = ['fs', 'shell'];
const actions = ['create', 'delete', ''];
/** Few, so that most events share theirs with others. */
const timestamps = [0, 0.5, 1, 1.000_000_000_000_000_2, 2, 3, 1_700_000_000, 253_402_300_799];

/** An event that may be stored; `n` makes it one of its kind. */
export const anyEvent = fc.record({
  type: fc.constantFrom(...types),
  source: fc.constantFrom(...sources),
  action: fc.constantFrom(null, ...actions),
  timestamp: fc.constantFrom(...timestamps),
});

const someOf = (names: readonly string[]) =>
  fc.array(
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...names) }, { weight: 1, arbitrary: fc.constant('never seen') }),
    { minLength: 1, maxLength: 3 },
  );
/** There in one case of three, so that most questions have an answer that is not empty. */
const sometimes = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });

const anyCondition = fc.oneof(
  fc.record<Condition>({
    path: fc.constant(['type']),
    op: fc.constantFrom('=', '~'),
    value: fc.constantFrom(...types, 'e'),
  }),
  fc.record<Condition>({ path: fc.constant(['data', 'n']), op: fc.constantFrom('<', '!='), value: fc.nat(70) }),
);

export const anyFilter: fc.Arbitrary<EventFilter> = fc
  .tuple(
    sometimes(fc.constantFrom(-1, 0, 0.5, 1, 1.000_000_000_000_000_2, 2, 1e300)),
    sometimes(fc.constantFrom(0, 1, 1.000_000_000_000_000_2, 2, 3, 1_700_000_000, 1e300)),
    sometimes(someOf(types)),
    sometimes(someOf(sources)),
    sometimes(someOf(actions)),
    sometimes(fc.array(anyCondition, { minLength: 1, maxLength: 2 })),
  )
  .map(([since, until, typeNames, sourceNames, actionNames, where]) => ({
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(typeNames && { types: typeNames }),
    ...(sourceNames && { sources: sourceNames }),
    ...(actionNames && { actions: actionNames }),
    ...(where && { where }),
  }));

export const anyOrder = fc.constantFrom<Order>('asc', 'desc');
