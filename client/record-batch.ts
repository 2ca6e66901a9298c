import { DaybookError } from '../shared/errors.ts';
import type { EventInput } from '../shared/event.ts';
import { encodeEvent, encodeRecordBody } from '../shared/messages/record-body.ts';
import { type Durability, type Receipt, record, type Rejection } from '../shared/messages/record.ts';
import { isFull, newBatch, tooLarge } from './batch.ts';
import type { Link } from './link.ts';

/** Sends events of their own and resolves with their receipt. @throws DaybookError */
export async function recordBatch(link: Link, events: Iterable<EventInput>, durability: Durability): Promise<Receipt> {
  const sent: { receipt: Promise<Receipt>; indexes: number[] }[] = [];
  const local: Rejection[] = [];
  const { frameLimits } = link;
  let batch = newBatch(0);
  let indexes: number[] = [];
  const send = () => {
    sent.push({ receipt: requestReceipt(link, batch.events, durability), indexes });
    batch = newBatch(0);
    indexes = [];
  };
  let index = -1;
  for (const event of events) {
    index += 1;
    try {
      const bytes = encodeEvent(event);
      if (bytes.length > frameLimits.bytes) throw tooLarge(bytes.length, frameLimits);
      if (batch.bytes + bytes.length > frameLimits.bytes) send();
      batch.events.push(bytes);
      batch.bytes += bytes.length;
      indexes.push(index);
    } catch (error) {
      if (!(error instanceof DaybookError)) throw error;
      local.push({ index, code: error.code, message: error.message });
    }
    if (isFull(batch) || indexes.length >= frameLimits.events) send();
  }
  if (indexes.length > 0) send();
  // What is sent in one frame has its receipt in one.
  if (sent.length === 1 && local.length === 0 && sent[0] !== undefined) return sent[0].receipt;
  const receipts = await Promise.all(sent.map(({ receipt }) => receipt));
  const parts = receipts.map((receipt, part) => ({ receipt, indexes: sent[part]?.indexes ?? [] }));
  return mergeReceipts(parts, local, durability);
}

function requestReceipt(link: Link, events: readonly Buffer[], durability: Durability): Promise<Receipt> {
  return new Promise((resolve, reject) => {
    link.request({
      kind: record.kind,
      body: encodeRecordBody(events, durability, true),
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
