import { encode } from '../../shared/codec.ts';
import type { Receipt } from '../../shared/messages/record.ts';
import type { WriterOutcome } from './writer-messages.ts';

/** The outcome of a record job with this receipt. */
export function receiptOutcome(key: number, receipt: Receipt): WriterOutcome {
  const { stored, duplicate, rejected } = receipt;
  // A copy of its own: what `encode` returns is a part of a larger piece of memory, which would go along.
  return { key, counts: { stored, duplicate, rejected: rejected.length }, receipt: new Uint8Array(encode(receipt)) };
}
