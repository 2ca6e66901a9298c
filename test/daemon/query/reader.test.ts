import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { after, describe, test, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Reader } from '../../../daemon/query/reader.ts';
import { openWriter } from '../../../daemon/storage/open-database.ts';
import { decode } from '../../../shared/codec.ts';
import { DaybookError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import type { QueryReply, QueryRequest } from '../../../shared/messages/query.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

const request: QueryRequest = { filter: {}, order: 'asc', limit: 10 };
const page = { kind: 'page', request } as const;

/** A reader that is closed with its test, however that ends. */
function openReader(t: TestContext, path: string): Reader {
  const reader = new Reader(path);
  t.after(() => reader.close());
  return reader;
}

async function timestamps(reader: Reader): Promise<number[]> {
  const { events } = decode(await reader.ask(page)) as QueryReply;
  return events.map(({ timestamp }) => timestamp);
}

describe('Reader', () => {
  test('answers each question with its own answer, and sees what is committed', async (t) => {
    using database = new TemporaryDatabase();
    const reader = openReader(t, database.path);
    assert.deepEqual(await timestamps(reader), []);
    database.append([1, 2].map((timestamp) => ({ type: 'a', source: 'b', timestamp })));
    const [list, arrivals, figures] = await Promise.all([
      timestamps(reader),
      reader.ask({ kind: 'arrivals', afterId: 1, filter: {}, maxRows: 10 }),
      reader.ask({ kind: 'database-stats', nowSeconds: 3 }),
    ]);
    assert.deepEqual(list, [1, 2]);
    assert.deepEqual(
      { ...arrivals, events: decode(arrivals.events) },
      {
        events: [{ id: 2, type: 'a', source: 'b', timestamp: 2, data: {} }],
        count: 1,
        damaged: [],
        scannedToId: 2,
        newestId: 2,
        lost: [],
      },
    );
    assert.equal(figures.total_events, 2);
  });

  test('passes a refusal on with its code, and goes on', async (t) => {
    using database = new TemporaryDatabase();
    const reader = openReader(t, database.path);
    await assert.rejects(reader.ask({ kind: 'page', request: { ...request, cursor: 'x' } }), {
      code: 'invalid_cursor',
    });
    assert.deepEqual(await timestamps(reader), []);
  });

  test('fails its questions as retryable when its thread dies, and starts another for the next', async (t) => {
    using home = temporaryHome();
    const path = join(home.path, 'events.db');
    const reader = openReader(t, path);
    // There is no database yet: the thread dies of that.
    const answers = await Promise.allSettled([reader.ask(page), reader.ask(page), reader.ask(page)]);
    for (const answer of answers) {
      assert.equal(answer.status, 'rejected');
      const reason: unknown = answer.reason;
      assert.ok(reason instanceof DaybookError);
      assert.deepEqual([reason.code, reason.retryable], ['storage_error', true]);
    }
    openWriter(path).close();
    assert.deepEqual(await timestamps(reader), []);
  });

  test('ends its thread when nobody asks for a while, and starts another for the next question', async (t) => {
    using database = new TemporaryDatabase();
    const reader = new Reader(database.path, undefined, 20);
    t.after(() => reader.close());
    assert.equal(reader.threads, 0, 'nobody has asked yet');
    for (const round of [1, 2]) {
      database.append([{ type: 'a', source: 'b', timestamp: round }]);
      const asked = [timestamps(reader), timestamps(reader)];
      assert.equal(reader.threads, 1);
      assert.equal((await Promise.all(asked))[1]?.length, round);
      await waitFor('the thread to end', () => reader.threads === 0);
    }
  });

  test('is asked again while its thread is on its way out, or just gone', async (t) => {
    using database = new TemporaryDatabase();
    const reader = new Reader(database.path, undefined, 0);
    t.after(() => reader.close());
    for (let round = 0; round < 30; round += 1) {
      assert.deepEqual(await timestamps(reader), []);
      // Sooner or later around the moment at which it is told to end.
      for (let turn = 0; turn < round % 5; turn += 1) await nextTurn();
    }
  });

  test('lets questions under way end when it is closed, and takes no more', async (t) => {
    using database = new TemporaryDatabase();
    database.append([{ type: 'a', source: 'b', timestamp: 1 }]);
    const reader = openReader(t, database.path);
    const asked = [timestamps(reader), timestamps(reader)];
    const closed = reader.close();
    await assert.rejects(timestamps(reader), { code: 'shutting_down' });
    assert.deepEqual(await Promise.all(asked), [[1], [1]]);
    await closed;
  });

  test('lets whoever records go first', async (t) => {
    if (process.platform !== 'linux') {
      t.skip('only Linux has priorities of threads');
      return;
    }
    using database = new TemporaryDatabase();
    const threads = () => readdirSync('/proc/self/task').map(Number);
    const before = threads();
    const reader = openReader(t, database.path);
    await timestamps(reader);
    const started = threads().filter((id) => !before.includes(id));
    assert.ok(started.some((id) => getPriority(id) === 5));
    assert.ok(before.every((id) => getPriority(id) < 5));
  });

  describe('with a question that takes long', () => {
    const database = new TemporaryDatabase();
    after(() => database[Symbol.dispose]());
    for (let from = 0; from < 40_000; from += 2_000) {
      database.append(
        Array.from({ length: 2_000 }, (_, n) => ({
          type: 'a',
          source: 'b',
          timestamp: from + n,
          data: { n: from + n },
        })),
      );
    }
    const rare: QueryRequest = { ...request, filter: { where: [{ path: ['data', 'n'], op: '<', value: 0 }] } };

    test('answers others in between', async (t) => {
      const reader = openReader(t, database.path);
      await timestamps(reader);
      const answered: string[] = [];
      const asked = ['long', 'longer', 'short', 'shorter'].map(async (name, place) => {
        await reader.ask({ kind: 'page', request: place < 2 ? rare : request });
        answered.push(name);
      });
      await Promise.all(asked);
      assert.deepEqual(answered.slice(0, 2), ['short', 'shorter']);
    });

    test('says when it is closed how far it has come', async (t) => {
      const reader = openReader(t, database.path);
      await timestamps(reader);
      const asked = reader.ask({ kind: 'page', request: rare });
      await reader.close();
      const { events, partial, cursor } = decode(await asked) as QueryReply;
      assert.deepEqual([events, partial], [[], true]);
      assert.ok(cursor !== null);
    });
  });

  test('is closed at once when nobody ever asked', async () => {
    await new Reader('/nowhere/events.db').close();
  });

  test('holds a bounded number of questions', async (t) => {
    using database = new TemporaryDatabase();
    const reader = openReader(t, database.path);
    const asked = Array.from({ length: limits.readerQueueRequests }, () => reader.ask(page));
    await assert.rejects(reader.ask(page), { code: 'busy' });
    assert.equal((await Promise.all(asked)).length, limits.readerQueueRequests);
    assert.deepEqual(await timestamps(reader), [], 'there is room again');
  });

  test('refuses every question when nothing is stored', async () => {
    await assert.rejects(new Reader(undefined).ask(page), { code: 'persistence_disabled' });
  });
});
