import type { Database } from 'better-sqlite3';
import type { StoredEvent } from '../../shared/event.ts';
import type { EventFilter } from '../../shared/messages/filter.ts';
import type { NameReader } from '../storage/name-reader.ts';
import { EventConditions } from './event-conditions.ts';
import { type NamePair, NamePairs } from './name-pairs.ts';

/** A filter in terms of dictionary ids. An undefined set allows everything. */
export interface ResolvedFilter {
  since: number;
  until: number;
  types: ReadonlySet<number> | undefined;
  sources: ReadonlySet<number> | undefined;
  actions: ReadonlySet<number> | undefined;
  processed: 0 | 1 | undefined;
  /** What a row alone cannot tell: asked about the event, when the row matches. */
  conditions: EventConditions | undefined;
  /** True when a name is asked for that no event ever had. */
  matchesNothing: boolean;
}

/** What a row must show to be judged. */
export interface FilterableRow {
  timestamp: number;
  type_id: number;
  source_id: number;
  action_id: number | null;
  processed: number;
}

export function resolveFilter(filter: EventFilter, names: NameReader): ResolvedFilter {
  const types = filter.types && new Set(names.ids('type', filter.types));
  const sources = filter.sources && new Set(names.ids('source', filter.sources));
  const actions = filter.actions && new Set(names.ids('action', filter.actions));
  return {
    since: filter.since ?? Number.NEGATIVE_INFINITY,
    until: filter.until ?? Number.POSITIVE_INFINITY,
    types,
    sources,
    actions,
    processed: filter.processed === undefined ? undefined : filter.processed ? 1 : 0,
    conditions: filter.where && new EventConditions(filter.where),
    matchesNothing: types?.size === 0 || sources?.size === 0 || actions?.size === 0,
  };
}

/** Whether a row matches, as far as it can tell: what `conditions` say is for its event. */
export function matches(filter: ResolvedFilter, row: FilterableRow): boolean {
  return row.timestamp >= filter.since && row.timestamp < filter.until && namesMatch(filter, row);
}

/** The same without the time. */
export function namesMatch(filter: ResolvedFilter, row: Omit<FilterableRow, 'timestamp'>): boolean {
  return (
    (filter.types === undefined || filter.types.has(row.type_id)) &&
    (filter.sources === undefined || filter.sources.has(row.source_id)) &&
    (filter.actions === undefined || (row.action_id !== null && filter.actions.has(row.action_id))) &&
    (filter.processed === undefined || filter.processed === row.processed)
  );
}

/** Whether an event matches that no database has: nobody has processed it. */
export function matchesUnstored(filter: EventFilter, event: StoredEvent): boolean {
  const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY, types, sources, actions } = filter;
  return (
    event.timestamp >= since &&
    event.timestamp < until &&
    (types?.includes(event.type) ?? true) &&
    (sources?.includes(event.source) ?? true) &&
    (actions === undefined || (event.action !== undefined && actions.includes(event.action))) &&
    filter.processed !== true &&
    (filter.where === undefined || new EventConditions(filter.where).hold(event))
  );
}

/** Which index a page walks: one stream for each type and source, or the one stream of everything. */
export type Drive = { by: 'name'; pairs: NamePair[] } | { by: 'time' };

/** Picks the index that leaves the fewest rows to look at. */
export class DriveChooser {
  readonly #pairs: NamePairs;

  constructor(db: Database) {
    this.#pairs = new NamePairs(db);
  }

  choose({ types, sources }: ResolvedFilter): Drive {
    if (types === undefined && sources === undefined) return { by: 'time' };
    const pairs = this.#pairs.matching(types, sources);
    return pairs === undefined ? { by: 'time' } : { by: 'name', pairs };
  }
}
