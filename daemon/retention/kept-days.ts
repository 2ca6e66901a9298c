import type { NameReader } from '../storage/name-reader.ts';
import type { RetentionPolicy } from './retention-policy.ts';

/** More than there can be ids of one kind of name. */
const IDS_PER_KIND = 2 ** 24;

/**
 * How long events of a type and source are kept. A rule that names both goes before one that names the type, that before
 * one that names the source, and that before the days for all others.
 */
export class KeptDays {
  /** For events to which no rule applies. */
  readonly ordinary: number;
  /** Every number of days there is, ascending. */
  readonly distinct: readonly number[];
  readonly #byTypeAndSource = new Map<number, number>();
  readonly #byType = new Map<number, number>();
  readonly #bySource = new Map<number, number>();

  /** Names that no event has yet are passed over: make it anew for each run. */
  constructor({ retentionDays, retentionRules }: RetentionPolicy, names: NameReader) {
    this.ordinary = retentionDays;
    this.distinct = [...new Set([retentionDays, ...retentionRules.map(({ days }) => days)])].toSorted((a, b) => a - b);
    for (const { type, source, days } of retentionRules) {
      const [typeId] = type === undefined ? [] : names.ids('type', [type]);
      const [sourceId] = source === undefined ? [] : names.ids('source', [source]);
      if ((type !== undefined && typeId === undefined) || (source !== undefined && sourceId === undefined)) continue;
      if (typeId !== undefined && sourceId !== undefined) this.#byTypeAndSource.set(keyOf(typeId, sourceId), days);
      else if (typeId !== undefined) this.#byType.set(typeId, days);
      else if (sourceId !== undefined) this.#bySource.set(sourceId, days);
    }
  }

  of(typeId: number, sourceId: number): number {
    return (
      this.#byTypeAndSource.get(keyOf(typeId, sourceId)) ??
      this.#byType.get(typeId) ??
      this.#bySource.get(sourceId) ??
      this.ordinary
    );
  }
}

function keyOf(typeId: number, sourceId: number): number {
  return typeId * IDS_PER_KIND + sourceId;
}
