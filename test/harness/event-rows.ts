import { hashBytes } from '../../daemon/prepare/event-hash.ts';
import { type EventRow, hashOf, payloadOf } from '../../daemon/storage/event-row.ts';

/** What a row says, wherever it stands. */
export interface PlainRow {
  timestamp: number;
  hash: Buffer;
  typeId: number;
  sourceId: number;
  actionId: number | null;
  data: string | Buffer;
}

/** Rows for the writer, one behind the other in memory of their own. */
export function eventRows(plain: readonly PlainRow[]): EventRow[] {
  const payloads = plain.map(({ data }) => Buffer.from(data));
  const bytes = Buffer.concat(plain.flatMap(({ hash }, index) => [hash, payloads[index] ?? Buffer.alloc(0)]));
  let at = 0;
  return plain.map(({ timestamp, typeId, sourceId, actionId, data }, index) => {
    const payloadBytes = payloads[index]?.length ?? 0;
    const row = { timestamp, typeId, sourceId, actionId, bytes, at, payloadBytes, isText: typeof data === 'string' };
    at += hashBytes + payloadBytes;
    return row;
  });
}

export function plainRow(row: EventRow): PlainRow {
  const { timestamp, typeId, sourceId, actionId } = row;
  return { timestamp, hash: hashOf(row), typeId, sourceId, actionId, data: payloadOf(row) };
}
