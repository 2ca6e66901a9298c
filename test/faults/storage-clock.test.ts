import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Receipt } from '../../client/index.ts';
import { hoursPassIn } from '../harness/daemon-faults.ts';
import { withLimits } from '../harness/daemon-limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { FakedClock } from '../harness/faked-clock.ts';
import { Ledger } from '../harness/ledger.ts';
import { RawClient } from '../harness/raw-client.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';

const DAY = 86_400;

/** A daemon that cleans up all the time, by a clock that the test moves. */
class Trial {
  readonly clock: FakedClock;
  readonly ledger = new Ledger(() => 0);
  readonly #home: string;
  #daemon: DaemonProcess | undefined;
  #count = 0;

  readonly #retentionDays: number;

  constructor(home: string, retentionDays: number) {
    this.#retentionDays = retentionDays;
    this.#home = home;
    mkdirSync(join(home, 'clock'));
    this.clock = new FakedClock(join(home, 'clock', 'now'));
  }

  async start(): Promise<void> {
    this.#daemon = await DaemonProcess.start({
      home: this.#home,
      environment: this.clock.environment,
      nodeArguments: [...hoursPassIn(20), ...withLimits({ sameLogMessagesPerMinute: 1_000_000 })],
      config: { persistence: { retention_days: this.#retentionDays, cleanup_interval_hours: 24, batch_timeout: 0.05 } },
    });
  }

  get daemon(): DaemonProcess {
    if (this.#daemon === undefined) throw new Error('it was not started');
    return this.#daemon;
  }

  /** Stores an event of this moment that nobody waits for, so that the daemon's timer commits it. Returns its id. */
  async store(): Promise<number> {
    this.#count += 1;
    const event = { type: 't', source: 's', timestamp: this.clock.nowSeconds(), data: { n: this.#count } };
    this.ledger.sent([event]);
    const raw = await RawClient.greet(this.daemon.paths.socket);
    raw.send('record', 2, { events: [event], wait: false });
    const receipt = (await raw.answer(2)).body as Receipt;
    raw.destroy();
    this.ledger.receipt([event], receipt);
    return receipt.firstId ?? 0;
  }

  /** Waits until the daemon has cleaned up so many times more, and the first of them began after this call. */
  async cleanups(count: number): Promise<void> {
    const runs = () => readFileSync(this.daemon.paths.log, 'utf8').split('"msg":"cleanup done"').length;
    const wanted = runs() + 1 + count;
    await waitFor(`${count} cleanups`, () => runs() >= wanted);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.stop();
  }

  async ids(): Promise<number[]> {
    const ids: number[] = [];
    for await (const { id } of this.daemon.connect().events({ order: 'asc' })) ids.push(id);
    return ids;
  }
}

describe('a clock that leaps', { skip: FakedClock.skip }, () => {
  test('row 27: years ahead, a day back, while events come and go: nothing expires early, timers live, ids grow', async () => {
    using home = temporaryHome();
    await using trial = new Trial(home.path, 365);
    await trial.start();
    assert.equal(await trial.store(), 1);
    await trial.cleanups(1);
    for (const aheadDays of [10 * 365, -1, 400, 0]) {
      trial.clock.setAhead(aheadDays * DAY);
      await trial.store();
      await trial.cleanups(3);
    }
    assert.equal(await trial.store(), 6);
    assert.deepEqual(
      (await trial.ids()).toSorted((a, b) => a - b),
      [1, 2, 3, 4, 5, 6],
    );
    const { database } = trial.daemon.paths;
    assert.equal((await trial.daemon.stop()).exitCode, 0);
    trial.ledger.assertInnocent(database);
  });

  test('row 27: years ahead across a restart', async () => {
    using home = temporaryHome();
    await using trial = new Trial(home.path, 365);
    await trial.start();
    await trial.store();
    await trial.cleanups(1);
    await trial.daemon.stop();
    trial.clock.setAhead(10 * 365 * DAY);
    await trial.start();
    await trial.cleanups(3);
    assert.equal(await trial.store(), 2);
    assert.deepEqual(await trial.ids(), [1, 2]);
  });

  test('row 27: as days pass, events expire on theirs', async () => {
    using home = temporaryHome();
    await using trial = new Trial(home.path, 30);
    await trial.start();
    const gone: number[] = [];
    for (let day = 0; day <= 34; day += 2) {
      trial.clock.setAhead(day * DAY);
      const id = await trial.store();
      await trial.cleanups(1);
      const ids = await trial.ids();
      const newlyGone = Array.from({ length: id }, (_, index) => index + 1).filter((each) => !ids.includes(each));
      if (newlyGone.length > gone.length) {
        gone.push(...newlyGone.slice(gone.length));
        assert.ok(day >= 30, `${newlyGone.join()} on day ${day}`);
      }
    }
    // Of days 0, 2 and 4.
    assert.deepEqual(gone, [1, 2, 3]);
  });
});
