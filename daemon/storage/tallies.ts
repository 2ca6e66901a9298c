import type { Database, Statement } from 'better-sqlite3';

/** What counts are kept by. */
export interface TallyKey {
  timestamp: number;
  typeId: number;
  sourceId: number;
  actionId: number | null;
}

interface Tally {
  hour: number;
  typeId: number;
  sourceId: number;
  /** 0 stands for no action. */
  actionId: number;
  recorded: number;
  removed: number;
  dataBytes: number;
}

const SECONDS_PER_HOUR = 3600;
const RECENT_TALLIES = 8;

/** The hour an event counts under: hours since 1970, by its timestamp. */
export function hourOf(timestampSeconds: number): number {
  return Math.floor(timestampSeconds / SECONDS_PER_HOUR);
}

/** Sums the counts of one transaction and writes them once: hourly rollups, and events per name. */
export class Tallies {
  readonly #upsertRollup: Statement<[number, number, number, number, number, number, number]>;
  readonly #addToName: Statement<[number, number | null, string, number]>;
  readonly #tallies = new Map<string, Tally>();
  /** Tallies of this transaction, so many at most: events are mostly like one of those before. */
  readonly #recent: Tally[] = [];

  constructor(db: Database) {
    this.#upsertRollup = db.prepare(
      `INSERT INTO rollup (hour, type_id, source_id, action_id, recorded, removed, data_bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET
         recorded = recorded + excluded.recorded,
         removed = removed + excluded.removed,
         data_bytes = data_bytes + excluded.data_bytes`,
    );
    this.#addToName = db.prepare(
      'UPDATE name SET events = events + ?, committed = coalesce(?, committed) WHERE kind = ? AND id = ?',
    );
  }

  /** @param dataBytes bytes of the payload as it is kept */
  addRecorded(key: TallyKey, dataBytes: number): void {
    const tally = this.#tallyOf(key);
    tally.recorded += 1;
    tally.dataBytes += dataBytes;
  }

  addRemoved(key: TallyKey, dataBytes: number): void {
    const tally = this.#tallyOf(key);
    tally.removed += 1;
    tally.dataBytes -= dataBytes;
  }

  /**
   * Writes them, and returns the ids of the sources that events were recorded of.
   * @param nowSeconds when they are committed; null when they were before, and nobody knows when
   */
  save(nowSeconds: number | null): number[] {
    if (this.#tallies.size === 0) return [];
    const names = new Map<string, { kind: string; id: number; events: number; committed: number | null }>();
    for (const { hour, typeId, sourceId, actionId, recorded, removed, dataBytes } of this.#tallies.values()) {
      this.#upsertRollup.run(hour, typeId, sourceId, actionId, recorded, removed, dataBytes);
      for (const [kind, id] of [
        ['type', typeId] as const,
        ['source', sourceId] as const,
        ['action', actionId] as const,
      ]) {
        if (id === 0) continue;
        const name = names.get(`${kind} ${id}`) ?? { kind, id, events: 0, committed: null };
        name.events += recorded - removed;
        if (recorded > 0) name.committed = nowSeconds;
        names.set(`${kind} ${id}`, name);
      }
    }
    const sources: number[] = [];
    for (const { kind, id, events, committed } of names.values()) {
      this.#addToName.run(events, committed, kind, id);
      if (kind === 'source' && committed !== null) sources.push(id);
    }
    return sources;
  }

  clear(): void {
    this.#tallies.clear();
    this.#recent.length = 0;
  }

  #tallyOf(row: TallyKey): Tally {
    const { typeId, sourceId } = row;
    const hour = hourOf(row.timestamp);
    const actionId = row.actionId ?? 0;
    for (const recent of this.#recent) {
      if (
        recent.typeId === typeId &&
        recent.actionId === actionId &&
        recent.sourceId === sourceId &&
        recent.hour === hour
      ) {
        return recent;
      }
    }
    const key = `${hour} ${typeId} ${sourceId} ${actionId}`;
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      tally = { hour, typeId, sourceId, actionId, recorded: 0, removed: 0, dataBytes: 0 };
      this.#tallies.set(key, tally);
    }
    if (this.#recent.length === RECENT_TALLIES) this.#recent.shift();
    this.#recent.push(tally);
    return tally;
  }
}
