import { type BenchEvent, corpus } from './corpus.ts';
import { percentile } from './statistics.ts';

const WARM_UP_EVENTS = 500;

/** Sends one event after another, each when the one before is answered. */
export async function measureLatency(
  count: number,
  seed: number,
  send: (event: BenchEvent) => Promise<unknown>,
): Promise<{ p50Ms: number; p99Ms: number }> {
  const times: number[] = [];
  for (const event of corpus(WARM_UP_EVENTS + count, seed)) {
    const started = performance.now();
    await send(event);
    times.push(performance.now() - started);
  }
  const measured = times.slice(WARM_UP_EVENTS);
  return { p50Ms: percentile(measured, 0.5), p99Ms: percentile(measured, 0.99) };
}
