import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Client, type Replay, type ReplayClock, type ReplayOptions } from '../../client/index.ts';
import { Pace, replayClock } from '../../client/pace.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { waitFor } from '../harness/wait-for.ts';
import { countTo, numbered, numberedFrom, numbersOf } from './numbered-events.ts';
import { refusal } from './refusal.ts';

/** A clock that stands still until somebody sleeps: then it is that much later at once. */
class EagerClock implements ReplayClock {
  ms = 0;
  readonly sleeps: number[] = [];

  nowMs(): number {
    return this.ms;
  }

  sleep(ms: number): Promise<void> {
    this.sleeps.push(ms);
    this.ms += ms;
    return Promise.resolve();
  }
}

/** A clock that is set by hand. */
class HandClock implements ReplayClock {
  ms = 0;
  asleep: { untilMs: number; wake: () => void } | undefined;

  nowMs(): number {
    return this.ms;
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.asleep = { untilMs: this.ms + ms, wake: resolve };
      signal.addEventListener('abort', () => {
        this.asleep = undefined;
        reject(new Error('aborted'));
      });
    });
  }

  advance(ms: number): void {
    this.ms += ms;
    const { asleep } = this;
    if (asleep === undefined || asleep.untilMs > this.ms) return;
    this.asleep = undefined;
    asleep.wake();
  }
}

const DAY_SECONDS = 86_400;
/** Seconds from the first of them on; the second and third share one instant, and the last comes 100 days later. */
const MOMENTS = [0, 1, 1, 3.5, 4, 100 * DAY_SECONDS];

describe('a replay', () => {
  let daemon: DaemonProcess;
  let client: Client;
  const of = (options: ReplayOptions) => client.replay({ types: ['paced'], ...options });

  before(async () => {
    daemon = await DaemonProcess.start();
    client = daemon.connect();
    // Stored in another order than they happened.
    const events = MOMENTS.map((moment, n) => ({ ...numbered(n), type: 'paced', timestamp: 1_000 + moment }));
    await client.recordBatch([5, 0, 3, 1, 2, 4].map((n) => events[n] ?? numbered(n)));
    await client.recordBatch(numberedFrom(0, 2_500));
  });
  after(() => daemon.stop());

  /** Which event came when, milliseconds. */
  async function heard(replay: Replay, clock: { ms: number }): Promise<unknown[]> {
    const moments: unknown[] = [];
    for await (const event of replay) moments.push([event.data['n'], clock.ms]);
    return moments;
  }

  for (const speed of [1, 0.5, 10] as const) {
    test(`keeps order and distances at speed ${speed}, asleep in between`, async () => {
      const clock = new EagerClock();
      const moments = MOMENTS.map((seconds, n) => [n, (seconds * 1_000) / speed]);
      assert.deepEqual(await heard(of({ speed, clock }), clock), moments);
      assert.equal(clock.sleeps.length, 4, 'one sleep for each distance');
    });
  }

  test('at speed max waits for nothing, and gives groups of what is due', async () => {
    const clock = new EagerClock();
    assert.deepEqual(
      await heard(of({ speed: 'max', clock }), clock),
      MOMENTS.map((_, n) => [n, 0]),
    );
    assert.deepEqual(clock.sleeps, []);
    assert.equal((await of({ speed: 'max' }).nextGroup(4)).length, 4);
    const paced = of({ clock: new EagerClock() });
    const groups = [await paced.nextGroup(), await paced.nextGroup(), await paced.nextGroup()];
    assert.deepEqual(groups.map(numbersOf), [[0], [1, 2], [3]]);
  });

  test('goes through all pages once, and leaves out what is stored meanwhile', async () => {
    const replay = client.replay({ speed: 'max', types: ['note'] });
    const first = await replay.next();
    await client.recordBatch([{ ...numbered(9_999), data: { n: 'late' } }]);
    const events = [first.value ?? assert.fail('no event'), ...(await Array.fromAsync(replay))];
    assert.deepEqual(numbersOf(events), countTo(2_500));
    const some = client.replay({ speed: 'max', types: ['note'], limit: 1_203, since: 1_000_010 });
    assert.deepEqual(numbersOf(await Array.fromAsync(some)), countTo(1_213).slice(10));
  });

  test('paused, it gives nothing; resumed, the distances are what they were', async () => {
    const clock = new HandClock();
    const replay = of({ clock });
    assert.equal((await replay.next()).value?.data['n'], 0);
    const second = replay.next();
    await waitFor('the sleep', () => clock.asleep);
    clock.advance(400);
    replay.pause();
    assert.equal(clock.asleep, undefined, 'nothing wakes a paused replay');
    clock.advance(60_000);
    replay.resume();
    assert.equal((await waitFor('the sleep', () => clock.asleep)).untilMs, 60_000 + 1_000);
    clock.advance(600);
    assert.equal((await second).value?.data['n'], 1);
    replay.pause();
    const third = replay.next();
    assert.equal(
      await Promise.race([third, new Promise((resolve) => setImmediate(() => resolve('nothing')))]),
      'nothing',
    );
    replay.resume();
    assert.equal((await third).value?.data['n'], 2);
  });

  test('goes on from every place where it was interrupted', async () => {
    for (const taken of countTo(MOMENTS.length)) {
      const first = of({ speed: 'max' });
      const events = taken === 0 ? [] : await first.nextGroup(taken);
      const { cursor } = first;
      assert.equal(cursor === undefined, taken === 0);
      const rest = of({ speed: 'max', ...(cursor !== undefined && { cursor }) });
      assert.deepEqual(numbersOf([...events, ...(await Array.fromAsync(rest))]), countTo(MOMENTS.length));
    }
    const query = (await client.page({ limit: 1 })).cursor ?? '';
    const other = Buffer.from('["replay","another",1,1]').toString('base64url');
    for (const cursor of ['', 'x', query, Buffer.from('{}').toString('base64url')]) {
      assert.throws(() => of({ cursor }), refusal('invalid_cursor'), cursor);
    }
    await assert.rejects(of({ cursor: other }).next(), refusal('invalid_cursor'));
  });

  test('ends while it sleeps, and hands out nothing more', async () => {
    const clock = new HandClock();
    const replay = of({ clock });
    await replay.next();
    const waiting = [replay.next(), replay.next()];
    await waitFor('the sleep', () => clock.asleep);
    await replay.return();
    assert.deepEqual(
      (await Promise.all([...waiting, replay.next()])).map(({ done }) => done),
      [true, true, true],
    );
  });

  test('gives calls that do not wait for each other one event each', async () => {
    const replay = of({ speed: 'max' });
    const results = await Promise.all(countTo(7).map(() => replay.next()));
    assert.deepEqual(
      results.map(({ value }) => value?.data['n']),
      [...countTo(6), undefined],
    );
  });

  test('refuses a speed that is none', () => {
    for (const speed of [0, -1, Number.NaN]) assert.throws(() => of({ speed }), refusal('invalid_request'));
  });
});

describe('the pace', () => {
  test('small delays do not add up, and a standstill moves everything behind it', async () => {
    const clock = new EagerClock();
    const pace = new Pace(1, clock);
    await pace.until(50);
    clock.ms += 900;
    await pace.until(51);
    assert.equal(clock.nowMs(), 1_000);
    clock.ms += 1_900;
    await pace.until(52);
    assert.equal(clock.nowMs(), 2_900, 'late: at once');
    await pace.until(53);
    assert.equal(clock.nowMs(), 3_000, 'and the next one in time again');
    // Ctrl-Z, an hour, fg.
    clock.ms += 3_600_000;
    await pace.until(53.5);
    const continuedMs = clock.ms;
    await pace.until(54);
    assert.equal(clock.nowMs(), continuedMs + 500);
  });

  test('the real clock sleeps as long as a timer can, and wakes when told', async () => {
    const wake = new AbortController();
    const sleep = replayClock.sleep(2 ** 40, wake.signal);
    const short = replayClock.sleep(2, new AbortController().signal).then(() => 'the short one');
    assert.equal(await Promise.race([sleep, short]), 'the short one');
    wake.abort();
    await assert.rejects(sleep, { name: 'AbortError' });
  });
});
