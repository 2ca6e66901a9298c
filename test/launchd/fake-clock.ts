import type { Clock } from '../../launchd/clock.ts';

/** A clock on which only sleeping takes time, and none of it real. */
export class FakeClock implements Clock {
  readonly waitsMs: number[] = [];

  nowMs(): number {
    return this.waitsMs.reduce((sum, waitMs) => sum + waitMs, 0);
  }

  sleep(durationMs: number): Promise<void> {
    this.waitsMs.push(durationMs);
    return Promise.resolve();
  }
}
