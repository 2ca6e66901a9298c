import type { Origin } from '../../shared/messages/origin.ts';
import type { ReportedGap } from '../../shared/messages/report-gaps.ts';
import type { GapLedger, RefusedEvents } from '../storage/gap-ledger.ts';
import type { EventRow } from '../storage/event-row.ts';
import type { NameTable } from '../storage/name-table.ts';
import type { RefusedEvent } from '../prepare/prepare-events.ts';

/** Tells the ledger how far a producer's numbering has come with these events. */
export function noteOrigin(
  ledger: GapLedger,
  origin: Origin,
  rows: readonly EventRow[],
  rejected: number,
  nowSeconds: number,
): void {
  const count = rows.length + rejected;
  if (count === 0) return;
  const [first] = rows;
  const last = rows.at(-1);
  const span =
    first === undefined || last === undefined
      ? undefined
      : { sourceId: last.sourceId, since: first.timestamp, until: last.timestamp };
  ledger.arrived(origin, count, span, nowSeconds);
}

/** Writes down what was refused, once for each event that has a number. Call before `noteOrigin`. */
export function noteRefused(
  ledger: GapLedger,
  names: NameTable,
  refused: readonly RefusedEvent[],
  origin: Origin | undefined,
  nowSeconds: number,
): void {
  const sums = new Map<string, RefusedEvents>();
  for (const { index, code, source, timestampSeconds } of refused) {
    if (origin !== undefined && ledger.hasArrived(origin, origin.first + index)) continue;
    const key = JSON.stringify([code, source]);
    let sum = sums.get(key);
    if (sum === undefined) {
      const sourceId = source === null ? null : (names.idOf('source', source) ?? null);
      const span = { sourceId, since: timestampSeconds, until: timestampSeconds };
      sum = { producer: origin?.producer ?? null, code, count: 0, ...span };
      sums.set(key, sum);
    }
    sum.count += 1;
    sum.since = Math.min(sum.since, timestampSeconds);
    sum.until = Math.max(sum.until, timestampSeconds);
  }
  for (const sum of sums.values()) ledger.refused(sum, nowSeconds);
}

export function noteReported(
  ledger: GapLedger,
  names: NameTable,
  gaps: readonly ReportedGap[],
  nowSeconds: number,
): void {
  for (const gap of gaps) {
    const sourceId = gap.source === undefined ? null : (names.idOf('source', gap.source) ?? null);
    ledger.reported(gap, sourceId, nowSeconds);
  }
}
