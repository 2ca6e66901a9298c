import { limits } from '../../../shared/limits.ts';
import type { SourceActivity } from '../../../shared/messages/sources.ts';

/** A moment more, so that it has surely happened. */
const MARGIN_SECONDS = 1;
/** A source whose state should have changed and has not is not asked about in the meantime. */
const LEAST_SECONDS = 30;

/**
 * In how many seconds a source will be in another state if nothing comes from it; infinite when none will. Nothing needs to
 * be asked before.
 */
export function secondsToNextState(sources: readonly SourceActivity[], batchTimeoutSeconds: number): number {
  const changes = sources.map((source) => secondsTo(source, batchTimeoutSeconds));
  return Math.max(LEAST_SECONDS, Math.min(Number.POSITIVE_INFINITY, ...changes));
}

function secondsTo(source: SourceActivity, batchTimeoutSeconds: number): number {
  const { state, cadence_seconds: cadence, silent_seconds: silent } = source;
  if (state === 'stalled' || state === 'idle') return Number.POSITIVE_INFINITY;
  if (cadence === null) return limits.liveSeconds - silent + MARGIN_SECONDS;
  const grace =
    state === 'live' ? Math.max(cadence / 2, batchTimeoutSeconds) : 2 * Math.max(cadence, batchTimeoutSeconds);
  return cadence + grace - silent + MARGIN_SECONDS;
}
