import { encode } from '../../shared/codec.ts';
import type { Receipt } from '../../shared/messages/record.ts';
import type { WriterOutcome } from './writer-messages.ts';

/** The outcome of a record job with this receipt. @param wait whether its sender waits */
export function receiptOutcome(key: number, receipt: Receipt, wait = true): WriterOutcome {
  const { stored, duplicate, rejected } = receipt;
  // A copy of its own: what `encode` returns is a part of a larger piece of memory, which would go along.
  const bytes = new Uint8Array(encode(receipt));
  const counts = { stored, duplicate, rejected: rejected.length };
  return wait ? { key, counts, receipt: bytes } : { key, counts, receipt: bytes, isHeld: true };
}
