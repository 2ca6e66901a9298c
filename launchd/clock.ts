import { setTimeout as delay } from 'node:timers/promises';

/** Time as the service code sees it, so that a test can let 15 seconds pass without waiting for them. */
export interface Clock {
  /** Milliseconds on a clock that never jumps; only differences mean something. */
  nowMs(): number;
  sleep(durationMs: number): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  sleep: async (durationMs) => {
    await delay(durationMs);
  },
};
