import type { Database, Statement } from 'better-sqlite3';
import type { EventFilter } from '../../shared/messages/filter.ts';
import type { NameReader } from '../storage/name-reader.ts';

/** A filter in terms of dictionary ids. An undefined set allows everything. */
export interface ResolvedFilter {
  since: number;
  until: number;
  types: ReadonlySet<number> | undefined;
  sources: ReadonlySet<number> | undefined;
  actions: ReadonlySet<number> | undefined;
  /** True when a name is asked for that no event ever had. */
  matchesNothing: boolean;
}

/** What a row must show to be judged. */
export interface FilterableRow {
  timestamp: number;
  type_id: number;
  source_id: number;
  action_id: number | null;
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
    matchesNothing: types?.size === 0 || sources?.size === 0 || actions?.size === 0,
  };
}

export function matches(filter: ResolvedFilter, row: FilterableRow): boolean {
  return (
    row.timestamp >= filter.since &&
    row.timestamp < filter.until &&
    (filter.types === undefined || filter.types.has(row.type_id)) &&
    (filter.sources === undefined || filter.sources.has(row.source_id)) &&
    (filter.actions === undefined || (row.action_id !== null && filter.actions.has(row.action_id)))
  );
}

/** Which index a page walks: one stream a name, or the one stream of everything. */
export type Drive = { by: 'type' | 'source'; ids: number[] } | { by: 'time' };

/** Picks the index that leaves the fewest rows to look at, going by the counts in the dictionary. */
export class DriveChooser {
  readonly #events: Statement<[string, number], number>;

  constructor(db: Database) {
    this.#events = db.prepare<[string, number], number>('SELECT events FROM name WHERE kind = ? AND id = ?').pluck();
  }

  choose(filter: ResolvedFilter): Drive {
    const { types, sources } = filter;
    if (types === undefined && sources === undefined) return { by: 'time' };
    const typeEvents = types === undefined ? Number.POSITIVE_INFINITY : this.#sum('type', types);
    const sourceEvents = sources === undefined ? Number.POSITIVE_INFINITY : this.#sum('source', sources);
    return typeEvents <= sourceEvents
      ? { by: 'type', ids: [...(types ?? [])] }
      : { by: 'source', ids: [...(sources ?? [])] };
  }

  #sum(kind: 'type' | 'source', ids: ReadonlySet<number>): number {
    let events = 0;
    for (const id of ids) events += this.#events.get(kind, id) ?? 0;
    return events;
  }
}
