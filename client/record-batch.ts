import { DaybookError } from '../shared/errors.ts';
import type { EventInput } from '../shared/event.ts';
import { encodeRecordHead } from '../shared/messages/record-body.ts';
import { type Durability, type Receipt, record, type Rejection } from '../shared/messages/record.ts';
import { isFull, tooLarge } from './batch.ts';
import type { EncodedEvents } from './encoded-events.ts';
import type { EventWriter } from './event-writer.ts';
import type { Link } from './link.ts';

/**
 * Sends events of their own and resolves with their receipt.
 * @param writer empty; and so it is again when the promise is there, unless `events` throws
 * @throws DaybookError
 */
export async function recordBatch(
  link: Link,
  writer: EventWriter,
  events: Iterable<EventInput>,
  durability: Durability,
): Promise<Receipt> {
  const sent: { receipt: Promise<Receipt>; indexes: number[] }[] = [];
  const local: Rejection[] = [];
  const { frameLimits } = link;
  let indexes: number[] = [];
  const send = () => {
    sent.push({ receipt: requestReceipt(link, writer.take(), durability), indexes });
    indexes = [];
  };
  let index = -1;
  for (const event of events) {
    index += 1;
    try {
      const bytes = writer.write(event);
      if (bytes > frameLimits.bytes) throw tooLarge(bytes, frameLimits);
      if (writer.bytes + bytes > frameLimits.bytes) send();
      writer.keep();
      indexes.push(index);
    } catch (error) {
      if (!(error instanceof DaybookError)) throw error;
      local.push({ index, code: error.code, message: error.message });
    }
    if (isFull(writer.count, writer.bytes) || indexes.length >= frameLimits.events) send();
  }
  if (indexes.length > 0) send();
  // What is sent in one frame has its receipt in one.
  if (sent.length === 1 && local.length === 0 && sent[0] !== undefined) return sent[0].receipt;
  const receipts = await Promise.all(sent.map(({ receipt }) => receipt));
  const parts = receipts.map((receipt, part) => ({ receipt, indexes: sent[part]?.indexes ?? [] }));
  return mergeReceipts(parts, local, durability);
}

function requestReceipt(link: Link, events: EncodedEvents, durability: Durability): Promise<Receipt> {
  return new Promise((resolve, reject) => {
    link.request({
      kind: record.kind,
      body: [encodeRecordHead(events.count, durability, true), events.bytes],
      isRepeatable: true,
      onReply: (body) => resolve(record.parseReply(body)),
      onError: reject,
    });
  });
}

function mergeReceipts(
  parts: readonly { receipt: Receipt; indexes: number[] }[],
  local: readonly Rejection[],
  level: Durability,
): Receipt {
  const merged: Receipt = {
    stored: 0,
    duplicate: 0,
    rejected: [...local],
    firstId: null,
    lastId: null,
    level,
    persisted: true,
  };
  for (const { receipt, indexes } of parts) {
    merged.stored += receipt.stored;
    merged.duplicate += receipt.duplicate;
    merged.persisted &&= receipt.persisted;
    for (const rejection of receipt.rejected) {
      merged.rejected.push({ ...rejection, index: indexes[rejection.index] ?? rejection.index });
    }
    if (receipt.firstId !== null) merged.firstId = Math.min(merged.firstId ?? receipt.firstId, receipt.firstId);
    if (receipt.lastId !== null) merged.lastId = Math.max(merged.lastId ?? receipt.lastId, receipt.lastId);
  }
  merged.rejected.sort((a, b) => a.index - b.index);
  return merged;
}
