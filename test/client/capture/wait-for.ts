import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits until the condition holds. The condition may throw an assertion: then that is what the deadline reports.
 * @throws Error when the deadline passes first.
 */
export async function waitFor(what: string, condition: () => boolean | void, deadlineMs = 20_000): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    let cause: unknown;
    try {
      if (condition() !== false) return;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > endMs) throw new Error(`waited ${deadlineMs} ms for ${what}`, { cause });
    await delay(5);
  }
}
