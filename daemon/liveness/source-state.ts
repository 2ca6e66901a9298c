import { limits } from '../../shared/limits.ts';
import type { SourceState } from '../../shared/messages/sources.ts';

/** Cadences so short that half of one is less than this are given this. */
const MIN_GRACE_SECONDS = 1;

/**
 * How a source without a cadence is. It is never late: nobody has said when it should come.
 * @param ageSeconds of its last commit; null when that is not known
 */
export function stateWithoutCadence(ageSeconds: number | null): SourceState {
  return ageSeconds !== null && ageSeconds <= limits.liveSeconds ? 'live' : 'idle';
}

/**
 * How a source with a cadence is: live up to one and a half of it, late up to three, then stalled. An event may wait for
 * its commit for the batch timeout, so that is the least grace there is, once before `late` and once more before `stalled`.
 */
export function stateWithCadence(
  cadenceSeconds: number,
  silentSeconds: number,
  batchTimeoutSeconds: number,
): SourceState {
  const grace = Math.max(batchTimeoutSeconds, MIN_GRACE_SECONDS);
  if (silentSeconds <= cadenceSeconds + Math.max(cadenceSeconds / 2, grace)) return 'live';
  return silentSeconds <= cadenceSeconds + Math.max(2 * cadenceSeconds, 2 * grace) ? 'late' : 'stalled';
}
