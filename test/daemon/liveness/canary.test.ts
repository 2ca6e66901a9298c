import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Canary } from '../../../daemon/liveness/canary.ts';
import { decode, encode } from '../../../shared/codec.ts';
import { DaybookError } from '../../../shared/errors.ts';
import type { StoredEvent } from '../../../shared/event.ts';
import { withLimits } from '../../harness/daemon-limits.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';

/** A canary whose event is stored as 7 and comes back as `change` makes it. */
function returning(change: (event: StoredEvent) => unknown): Canary {
  let stored: StoredEvent | undefined;
  const receipt = { stored: 1, duplicate: 0, rejected: [], firstId: 7, lastId: 7, level: 'committed', persisted: true };
  return new Canary({
    persists: true,
    ingest: {
      record: (sender, requestId, body) => {
        const [event] = (decode(body) as { events: StoredEvent[] }).events;
        assert.ok(event !== undefined);
        stored = { ...event, id: 7 };
        sender.send('reply', requestId, encode(receipt));
      },
    },
    reader: {
      ask: async (question: { kind: string; afterId?: number }) => {
        assert.deepEqual([question.kind, question.afterId], ['arrivals', 6]);
        assert.ok(stored !== undefined);
        const found = change(stored);
        return { events: encode(found === undefined ? [] : [found]) } as never;
      },
    },
  });
}

describe('a canary', () => {
  test('is an event like any other; asked again soon, it is the last one', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const startSeconds = Date.now() / 1000;
    await client.recordBatch([{ type: 't', source: 's', timestamp: 1 }]);
    const replies = await Promise.all([client.canary(), daemon.connect().canary(), client.canary()]);
    const [reply] = replies;
    assert.ok(reply !== undefined);
    for (const other of [...replies, await client.canary()]) assert.deepEqual(other, reply);
    assert.equal(reply.event_id, 2);
    assert.ok(reply.at >= startSeconds && reply.at <= Date.now() / 1000);
    assert.ok(reply.commit_ms > 0 && reply.read_ms > 0);
    const events = await Array.fromAsync(client.events({ order: 'asc' }));
    assert.deepEqual(
      events.map(({ id, type, source, timestamp }) => [id, type, source, timestamp]),
      [
        [1, 't', 's', 1],
        [2, 'daybook.canary', 'daybook', reply.at],
      ],
    );
  });

  test('is the same event for a day: asked all the time, it leaves one row, and each time the disk is written to', async (t) => {
    await using daemon = await DaemonProcess.start({ nodeArguments: withLimits({ canaryIntervalMs: 0 }) });
    const client = daemon.connect();
    const first = await client.canary();
    const flushes = () => {
      const db = new Sqlite(daemon.paths.database, { readonly: true });
      const count = db.prepare("SELECT value FROM meta WHERE key = 'flushes'").pluck().get();
      db.close();
      return Number(count);
    };
    const before = flushes();
    for (let n = 1; n <= 5; n += 1) {
      const again = await client.canary();
      assert.equal(again.event_id, first.event_id);
      assert.ok(again.at > first.at);
    }
    assert.equal(flushes(), before + 5);
    assert.equal((await client.stats()).database_stats.total_events, 1);

    // Forgotten, it would be refused for ever.
    await client.forget({ ids: [first.event_id] });
    assert.equal((await client.canary()).event_id, first.event_id + 1);

    await t.test('then another', async (context) => {
      let nowMs = 1_000_000;
      context.mock.method(performance, 'now', () => nowMs);
      const sent = new Set<unknown>();
      const canary = returning((event) => {
        sent.add(event.data['token']);
        return event;
      });
      for (const hours of [0, 12, 11.9, 0.2]) {
        nowMs += hours * 3_600_000;
        await canary.fly();
      }
      assert.equal(sent.size, 2);
    });
  });

  test('that comes back changed, or not at all, is an error each time', async () => {
    const reply = await returning((event) => event).fly();
    assert.equal(reply.event_id, 7);
    for (const change of [
      () => undefined,
      (event: StoredEvent) => ({ ...event, id: 8 }),
      (event: StoredEvent) => ({ ...event, timestamp: event.timestamp + 0.001 }),
      (event: StoredEvent) => ({ ...event, data: {} }),
      (event: StoredEvent) => ({ ...event, action: 'a' }),
    ]) {
      const canary = returning(change);
      const isRefused = { code: 'storage_error', message: /event 7/ };
      await assert.rejects(canary.fly(), isRefused);
      await assert.rejects(canary.fly(), isRefused);
    }
  });

  test('is sent at most once in ten seconds', async (t) => {
    let nowMs = 1_000_000;
    t.mock.method(performance, 'now', () => nowMs);
    let flights = 0;
    const canary = returning((event) => {
      flights += 1;
      return event;
    });
    const expected = [
      [0, 1],
      [9_999, 1],
      [1, 2],
      [1, 2],
      [10_000, 3],
    ] as const;
    for (const [laterMs, count] of expected) {
      nowMs += laterMs;
      await canary.fly();
      assert.equal(flights, count, `at ${nowMs}`);
    }
  });

  test('that is not stored says why', async () => {
    const refusing = (error: DaybookError) =>
      new Canary({
        persists: true,
        ingest: { record: (sender, requestId) => sender.refuseRequest(requestId, error) },
        reader: { ask: () => Promise.reject(new Error('nothing to read')) },
      });
    for (const code of ['disk_full', 'storage_error', 'busy'] as const) {
      await assert.rejects(refusing(new DaybookError(code, 'no')).fly(), { code });
    }
  });
});
