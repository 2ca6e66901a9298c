import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { gunzipSync } from 'node:zlib';
import type { Receipt } from '../../client/index.ts';
import { databaseInconsistencies } from './database-inconsistencies.ts';
import { type IdentifiedEvent, identityOf } from './event-identity.ts';

/**
 * What the sender of an event knows of it. `unknown`: the connection ended, or storing failed, before there was a
 * receipt; it stays so until a retry has one.
 */
export type Fate = 'sent' | 'unknown' | 'acked' | 'rejected';

export type OffenceKind =
  /** An event is gone that was acknowledged, or that an earlier judgement has seen, and cannot have expired. */
  | 'missing'
  /** An event is there more than once. */
  | 'doubled'
  /** A row has the hash of an event that was sent, and other content. */
  | 'altered'
  /** A row has the content of an event that was sent, and another hash. */
  | 'wrong hash'
  /** A row that nobody sent. */
  | 'foreign'
  /** A rejected event is there. */
  | 'rejected'
  /** An id belongs to another event than the receipt said, has changed, or was used before. */
  | 'wrong id'
  /** Rows and what is kept beside them differ. */
  | 'inconsistent'
  /** A receipt contradicts itself or one before it. */
  | 'wrong receipt';

export interface Offence {
  kind: OffenceKind;
  what: string;
}

interface Entry {
  fate: Fate;
  /** For people. */
  label: string;
  timestampSeconds: number;
  /** By the daemon's clock: it cannot have arrived before this. */
  sentSeconds: number;
  /** The id it has, once a judgement has seen it. */
  id: number | undefined;
  /** Judgements that let its absence pass. */
  absences: number;
}

const FORGOTTEN_AFTER_JUDGEMENTS = 20;

interface IdRange {
  firstId: number;
  lastId: number;
  /** Accepted events of the request, in order; some are duplicates and have other ids. */
  identities: string[];
}

interface Row {
  id: number;
  timestamp: number;
  event_type: string;
  action: string | null;
  source: string;
  data_json: string | null;
  data_compressed: Buffer | null;
  hash: string;
}

/**
 * What clients sent and what they were told, event by event, and whether a database agrees. Clients may share one.
 *
 * An event is sent, then acked or rejected by a receipt; or unknown first, until a retry is answered. Acked is for good.
 */
export class Ledger {
  /**
   * Events ever sent, and what became of them. `unknown` counts those that were so at some time, `expired` the acked ones
   * that a judgement found gone and let go.
   */
  readonly totals = { sent: 0, acked: 0, rejected: 0, unknown: 0, expired: 0 };
  readonly #daemonSeconds: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #ranges: IdRange[] = [];
  readonly #contradictions: Offence[] = [];
  /** The counter of ids at the last judgement: rows that it did not see have ids above this. */
  #lastJudgedId = 0;

  /** @param daemonSeconds the daemons' clock, seconds since 1970; it must not go back */
  constructor(daemonSeconds: () => number = () => Date.now() / 1000) {
    this.#daemonSeconds = daemonSeconds;
  }

  /** Events without a receipt. */
  get unsettled(): number {
    return this.totals.sent - this.totals.acked - this.totals.rejected;
  }

  /** Notes events before a client is given them. Sending one again changes nothing. */
  sent(events: readonly IdentifiedEvent[]): void {
    const sentSeconds = Math.floor(this.#daemonSeconds());
    for (const event of events) {
      const identity = identityOf(event);
      if (this.#entries.has(identity)) continue;
      const { type, source, timestamp, data } = event;
      const label = JSON.stringify({ type, source, timestamp, data }).slice(0, 160);
      const timestampSeconds = Number(timestamp);
      this.#entries.set(identity, { fate: 'sent', label, timestampSeconds, sentSeconds, id: undefined, absences: 0 });
      this.totals.sent += 1;
    }
  }

  /** A daemon is gone, or could not store: what has no receipt may be there or not. */
  interrupted(): void {
    for (const entry of this.#entries.values()) {
      if (entry.fate !== 'sent') continue;
      entry.fate = 'unknown';
      this.totals.unknown += 1;
    }
  }

  acked(events: readonly IdentifiedEvent[]): void {
    for (const event of events) this.#settle(identityOf(event), 'acked');
  }

  rejected(events: readonly IdentifiedEvent[]): void {
    for (const event of events) this.#settle(identityOf(event), 'rejected');
  }

  /** @param events of one request, that fitted into one frame */
  receipt(events: readonly IdentifiedEvent[], receipt: Receipt): void {
    const { stored, duplicate, firstId, lastId } = receipt;
    const refused = new Set(receipt.rejected.map(({ index }) => index));
    const identities = events.map(identityOf);
    const accepted = identities.filter((_, index) => !refused.has(index));
    for (const index of refused) this.#settle(identities[index] ?? '', 'rejected');
    for (const identity of accepted) this.#settle(identity, 'acked');

    const ids = firstId === null || lastId === null ? 0 : lastId - firstId + 1;
    if (stored + duplicate !== accepted.length || ids !== stored) {
      this.#contradictions.push({
        kind: 'wrong receipt',
        what: `${JSON.stringify(receipt)} for ${events.length} events`,
      });
    } else if (firstId !== null && lastId !== null) this.#ranges.push({ firstId, lastId, identities: accepted });
  }

  /**
   * Everything that is wrong with a database that no process has open. Empty when it holds what it must and no more.
   * @param expiredSeconds retention may have taken events with timestamp and arrival before this
   */
  judge(databasePath: string, expiredSeconds = Number.NEGATIVE_INFINITY): Offence[] {
    const offences = this.#contradictions.splice(0);
    const db = new Sqlite(databasePath, { readonly: true, fileMustExist: true });
    try {
      offences.push(...databaseInconsistencies(db).map((what) => ({ kind: 'inconsistent', what }) as const));
      const mayBeGone = (entry: Entry) => entry.timestampSeconds < expiredSeconds && entry.sentSeconds < expiredSeconds;
      const found = new Map<string, number>();
      const identityAt = new Map<number, string>();
      for (const row of db.prepare<[], Row>('SELECT * FROM events ORDER BY id').iterate()) {
        const identity = identityOfRow(row);
        identityAt.set(row.id, identity ?? '');
        offences.push(...this.#judgeRow(row, identity, found, mayBeGone));
      }
      offences.push(...this.#judgeRanges(identityAt), ...this.#judgeAbsent(found, mayBeGone));
      this.#lastJudgedId = Number(db.prepare("SELECT value FROM meta WHERE key = 'last_id'").pluck().get());
    } finally {
      db.close();
    }
    return offences;
  }

  /** @throws AssertionError with the first offences */
  assertInnocent(databasePath: string, expiredSeconds?: number): void {
    assertNoOffences(this.judge(databasePath, expiredSeconds), databasePath);
  }

  #settle(identity: string, fate: 'acked' | 'rejected'): void {
    const entry = this.#entries.get(identity);
    if (entry === undefined) {
      this.#contradictions.push({ kind: 'wrong receipt', what: `${fate}, and was never sent: ${identity}` });
      return;
    }
    if (entry.fate === fate) return;
    if (entry.fate === 'acked' || entry.fate === 'rejected') {
      this.#contradictions.push({ kind: 'wrong receipt', what: `${entry.fate}, then ${fate}: ${entry.label}` });
      return;
    }
    entry.fate = fate;
    this.totals[fate] += 1;
  }

  #judgeRow(
    row: Row,
    identity: string | undefined,
    found: Map<string, number>,
    mayBeGone: (entry: Entry) => boolean,
  ): Offence[] {
    const entry = identity === undefined ? undefined : this.#entries.get(identity);
    if (identity === undefined || entry === undefined) {
      const meant = this.#entries.get(row.hash);
      return [{ kind: meant === undefined ? 'foreign' : 'altered', what: `id ${row.id}: ${meant?.label ?? row.hash}` }];
    }
    const what = `id ${row.id}: ${entry.label}`;
    const offences: Offence[] = [];
    if (row.hash !== identity) offences.push({ kind: 'wrong hash', what });
    if (found.has(identity)) return [...offences, { kind: 'doubled', what }];
    found.set(identity, row.id);
    if (entry.fate === 'rejected') offences.push({ kind: 'rejected', what });
    const isNew = entry.id === undefined || (entry.id !== row.id && mayBeGone(entry));
    if (isNew ? row.id <= this.#lastJudgedId : entry.id !== row.id) {
      offences.push({
        kind: 'wrong id',
        what: `${what}, which had ${entry.id ?? 'none'} and ${this.#lastJudgedId} was used`,
      });
    }
    entry.id = row.id;
    return offences;
  }

  /** The ids of each receipt since the last judgement belong to events of its request, in their order. */
  #judgeRanges(identityAt: ReadonlyMap<number, string>): Offence[] {
    return this.#ranges.splice(0).flatMap(({ firstId, lastId, identities }) => {
      let at = 0;
      for (let id = firstId; id <= lastId; id += 1) {
        const identity = identityAt.get(id);
        // Gone: missing, or expired. Either is judged with the event.
        if (identity === undefined) continue;
        at = identities.indexOf(identity, at) + 1;
        if (at === 0)
          return [
            { kind: 'wrong id' as const, what: `id ${id} is not of the request that got ${firstId} to ${lastId}` },
          ];
      }
      return [];
    });
  }

  #judgeAbsent(found: ReadonlyMap<string, number>, mayBeGone: (entry: Entry) => boolean): Offence[] {
    const offences: Offence[] = [];
    for (const [identity, entry] of this.#entries) {
      if (found.has(identity)) continue;
      const mustBeThere = entry.fate === 'acked' || entry.id !== undefined;
      if (!mustBeThere) continue;
      if (!mayBeGone(entry)) offences.push({ kind: 'missing', what: `${entry.fate}, id ${entry.id}: ${entry.label}` });
      else this.#expire(identity, entry);
    }
    return offences;
  }

  /** A copy of it may still be on its way, and is then a new event. */
  #expire(identity: string, entry: Entry): void {
    entry.id = undefined;
    if (entry.fate !== 'acked') return;
    if (entry.absences === 0) this.totals.expired += 1;
    entry.absences += 1;
    if (entry.absences > FORGOTTEN_AFTER_JUDGEMENTS) this.#entries.delete(identity);
  }
}

/** @throws AssertionError with the first of them */
export function assertNoOffences(offences: readonly Offence[], databasePath: string): void {
  const shown = offences.slice(0, 20).map(({ kind, what }) => `${kind}: ${what}`);
  assert.equal(offences.length, 0, `${offences.length} offences in ${databasePath}\n${shown.join('\n')}`);
}

/** Undefined when the payload is no JSON any more. */
function identityOfRow(row: Row): string | undefined {
  const { timestamp, event_type: type, source, action, data_json: text, data_compressed: compressed } = row;
  try {
    const data: unknown = JSON.parse(text ?? gunzipSync(compressed ?? '').toString('utf8'));
    return identityOf({ type, source, timestamp, action, data });
  } catch {
    return undefined;
  }
}
