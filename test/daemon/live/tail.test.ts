import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Client, StoredEvent, Tail, TailOptions, TailReset } from '../../../client/index.ts';
import { limits } from '../../../shared/limits.ts';
import { threadStandsStillWhileThereIs } from '../../harness/daemon-faults.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { RawClient } from '../../harness/raw-client.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

const event = (n: number, type = 'a') => ({ type, source: 's', timestamp: n });
const events = (from: number, count: number) => Array.from({ length: count }, (_, n) => event(from + n));

async function take(tail: Tail, count: number): Promise<StoredEvent[]> {
  const taken: StoredEvent[] = [];
  while (taken.length < count) {
    const next = await tail.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}

const numbers = (list: readonly StoredEvent[]) => list.map(({ timestamp }) => timestamp);

/** A tail that has begun. */
async function started(client: Client, options: TailOptions = {}): Promise<Tail> {
  return new Promise((resolve) => {
    const tail = client.tail({ ...options, onStart: () => setImmediate(() => resolve(tail)) });
  });
}

describe('a tail', () => {
  test('shows what is committed from now on, and nothing before', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch(events(0, 5));
    const tail = await started(client);
    await client.recordBatch(events(5, 3));
    assert.deepEqual(numbers(await take(tail, 3)), [5, 6, 7]);
    assert.deepEqual((await tail.return()).done, true);
  });

  test('starts behind a position, and goes over from what was to what comes without a hole', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const { databaseId } = await client.ready();
    await client.recordBatch(events(0, 2_500));
    const tail = client.tail({ after: { databaseId, id: 100 } });
    const feed = (async () => {
      for (let batch = 0; batch < 20; batch += 1) await client.recordBatch(events(2_500 + batch * 10, 10));
    })();
    const seen = await take(tail, 2_600);
    await feed;
    assert.deepEqual(
      seen.map(({ id }) => id),
      Array.from({ length: 2_600 }, (_, n) => n + 101),
    );
    await tail.return();
  });

  test('shows what its filter lets through, with what came before under names that were new then', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const tail = await started(client, { types: ['rare'], since: 2 });
    await client.recordBatch([event(1), event(1, 'rare'), event(2, 'rare'), event(3)]);
    await client.recordBatch([event(4, 'rare')]);
    assert.deepEqual(numbers(await take(tail, 2)), [2, 4]);
    await tail.return();
  });

  test('is told what is no longer there, after real retention', async () => {
    using home = temporaryHome();
    await using first = await DaemonProcess.start({ home: home.path });
    const { databaseId } = await first.connect().ready();
    await first.connect().recordBatch(events(0, 10));
    await first.stop();
    // As if six of them had arrived long ago, and no cleanup had been since.
    const db = new Sqlite(first.paths.database);
    db.exec("UPDATE event SET arrived = 1000 WHERE id <= 6; DELETE FROM meta WHERE key = 'last_cleanup_ms'");
    db.close();

    await using daemon = await DaemonProcess.start({ home: home.path });
    const client = daemon.connect();
    await waitFor('cleanup', async () => (await client.stats()).database_stats.total_events === 4);
    const resets: TailReset[] = [];
    const tail = client.tail({ after: { databaseId, id: 2 }, onReset: (reset) => resets.push(reset) });
    assert.deepEqual(numbers(await take(tail, 4)), [6, 7, 8, 9]);
    assert.deepEqual(resets, [{ lostFrom: 3, lostTo: 6 }]);
    const strict = client.tail({ after: { databaseId, id: 0 } });
    await assert.rejects(strict.next(), { code: 'lost_events', message: /1 to 6/ });
    await tail.return();
  });

  test('of many hundreds gets all, and a connection may have no more than its share', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const followers = Array.from({ length: 20 }, () => daemon.connect());
    const tails = await Promise.all(
      followers.flatMap((follower) => Array.from({ length: limits.tailsPerConnection }, () => started(follower))),
    );
    assert.equal((await client.status()).tails, 20 * limits.tailsPerConnection);
    await client.recordBatch(events(0, 5));
    for (const seen of await Promise.all(tails.map((tail) => take(tail, 5)))) {
      assert.deepEqual(numbers(seen), [0, 1, 2, 3, 4]);
    }
    const [follower] = followers;
    assert.ok(follower);
    await assert.rejects(follower.tail().next(), { code: 'too_many_tails' });
    await tails[0]?.return();
    await started(follower);
    await follower.close();
    await waitFor('its tails to be gone', async () => (await client.status()).tails === 19 * limits.tailsPerConnection);
  });
});

describe('a tail across the end of its daemon', () => {
  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    test(`goes on with the next one, with no hole and nothing twice: ${signal}`, async (t) => {
      const home = temporaryHome();
      const daemons: DaemonProcess[] = [];
      t.after(async () => {
        for (const each of daemons) await each.stop();
        home.remove();
      });
      const start = async () => {
        const daemon = await DaemonProcess.start({ home: home.path });
        daemons.push(daemon);
        return daemon;
      };
      let daemon = await start();
      const client = daemon.connect();
      const tail = await started(client);
      const feeder = daemon.connect();
      const total = 2_000;
      const feed = (async () => {
        for (let n = 0; n < total; n += 20) await feeder.recordBatch(events(n, 20));
      })();
      feed.catch(() => undefined);
      const seen: StoredEvent[] = [];
      for (const restartAt of [200, 700, 1_200]) {
        seen.push(...(await take(tail, restartAt - seen.length)));
        await daemon.kill(signal);
        daemon = await start();
      }
      seen.push(...(await take(tail, total - seen.length)));
      await feed;
      assert.deepEqual(
        seen.map(({ id }) => id),
        Array.from({ length: total }, (_, n) => n + 1),
      );
      assert.deepEqual(
        numbers(seen),
        Array.from({ length: total }, (_, n) => n),
      );
    });
  }
});

describe('a tail of a daemon that is being stopped', () => {
  test('goes on with the next daemon, though something was committed at the very end', async () => {
    using home = temporaryHome();
    const busy = join(home.path, 'busy');
    const nodeArguments = threadStandsStillWhileThereIs(busy, 'writer');
    await using daemon = await DaemonProcess.start({ home: home.path, nodeArguments });
    const client = daemon.connect();
    const tail = await started(client);
    const feeder = await RawClient.greet(daemon.paths.socket);
    writeFileSync(busy, '');
    feeder.send('record', 2, { events: [event(1)] });
    feeder.send('status', 3, {});
    await feeder.answer(3);
    daemon.process.kill('SIGTERM');
    await waitFor('it to stop', () => readFileSync(daemon.paths.log, 'utf8').includes('"msg":"stopping"'));
    rmSync(busy);
    await daemon.ended;
    await using next = await DaemonProcess.start({ home: home.path });
    await next.connect().recordBatch([event(2)]);
    assert.deepEqual(numbers(await take(tail, 2)), [1, 2]);
    feeder.destroy();
    await client.close();
  });
});

describe('a daemon that stores nothing', () => {
  test('checks events, shows them to tails, and says in each receipt that it keeps none', async () => {
    await using daemon = await DaemonProcess.start({ config: { enable_persistence: false } });
    const client = daemon.connect();
    const tail = await started(client, { types: ['a'] });
    const receipt = await client.recordBatch([event(1), event(2, 'b'), event(1), { ...event(3), type: '' }]);
    assert.deepEqual([receipt.persisted, receipt.stored, receipt.rejected.length], [false, 3, 1]);
    assert.deepEqual(numbers(await take(tail, 2)), [1, 1]);
    await assert.rejects(client.page({}), { code: 'persistence_disabled' });
    await assert.rejects(client.storePattern({ patternType: 'p', confidence: 1, patternData: '{}' }), {
      code: 'persistence_disabled',
    });
    assert.equal((await client.status()).persistence, false);
    client.record(event(4));
    await client.flush();
    assert.deepEqual(numbers(await take(tail, 1)), [4]);
    await tail.return();
    assert.equal(existsSync(daemon.paths.database), false);
    assert.equal((await daemon.stop()).exitCode, 0);
  });
});
