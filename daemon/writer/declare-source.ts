import { DaybookError } from '../../shared/errors.ts';
import { errorBody } from '../../shared/messages/error-body.ts';
import type { EventStore } from '../storage/event-store.ts';
import type { WriterOutcome } from './writer-messages.ts';

/** Notes how often a source has events, inside the transaction that is open. What is refused leaves it as it is. */
export function declareSource(
  { key, source, cadenceSeconds }: { key: number; source: string; cadenceSeconds: number | null },
  store: EventStore,
  nowSeconds: number,
): WriterOutcome {
  try {
    return { key, reply: { changed: store.cadences.declare(source, cadenceSeconds, nowSeconds) } };
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error;
    return { key, error: errorBody(error) };
  }
}
