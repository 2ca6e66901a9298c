import type { Clock } from './clock.ts';

const firstWaitMs = 250;
const longestWaitMs = 1_500;

/**
 * Repeats `attempt` while `again` says so, with waits that double from 250 ms to 1.5 s, for at most `limitMs` (a last
 * attempt is made when the time is over). Returns what the last attempt returned, good or not.
 */
export async function retryWhile<T>(
  clock: Clock,
  limitMs: number,
  attempt: () => Promise<T>,
  again: (result: T) => boolean,
): Promise<T> {
  const deadlineMs = clock.nowMs() + limitMs;
  let waitMs = firstWaitMs;
  let result = await attempt();
  while (again(result) && clock.nowMs() < deadlineMs) {
    await clock.sleep(Math.min(waitMs, deadlineMs - clock.nowMs()));
    waitMs = Math.min(waitMs * 2, longestWaitMs);
    result = await attempt();
  }
  return result;
}
