import type { SentEvent } from './random-events.ts';

/** Processes with this name deliver what others with it left. */
export const spoolingClientName = 'spooling';

/** The `n`-th event, some of them large. */
export function spooled(n: number): SentEvent {
  const text = n % 50 === 0 ? 'x'.repeat(n % 20_000) : '';
  return { type: `t${n % 5}`, source: spoolingClientName, timestamp: 1_000_000 + n, data: { n, text } };
}
