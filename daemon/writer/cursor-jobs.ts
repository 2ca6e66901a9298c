import { DaybookError } from '../../shared/errors.ts';
import { errorBody } from '../../shared/messages/error-body.ts';
import type { EventStore } from '../storage/event-store.ts';
import type { WriterOutcome } from './writer-messages.ts';

/** What is done to named cursors. */
export type CursorWork =
  /** Answered with `{ id }`: where its consumer goes on. */
  | { kind: 'open-cursor'; name: string; afterId?: number }
  | { kind: 'ack-cursor'; name: string; id: number; wait: boolean }
  | { kind: 'delete-cursor'; name: string };

/** Does it inside the transaction that is open. What is refused leaves the transaction as it is. */
export function applyCursorWork(
  work: CursorWork & { key: number },
  store: EventStore,
  nowSeconds: number,
): WriterOutcome {
  const { key, kind, name } = work;
  try {
    switch (kind) {
      case 'open-cursor':
        return { key, reply: { id: store.cursors.open(name, work.afterId, store.newestId, nowSeconds) } };
      case 'ack-cursor':
        store.cursors.acknowledge(name, work.id, store.newestId, nowSeconds);
        return { key, done: true };
      case 'delete-cursor':
        return { key, reply: { deleted: store.cursors.delete(name) } };
      default:
        return work satisfies never;
    }
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error;
    return { key, error: errorBody(error) };
  }
}
