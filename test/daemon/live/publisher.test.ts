import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Publisher } from '../../../daemon/live/publisher.ts';
import { Reader } from '../../../daemon/query/reader.ts';
import { Connection } from '../../../daemon/socket/connection.ts';
import type { StoredEvent } from '../../../shared/event.ts';
import { limits } from '../../../shared/limits.ts';
import { FakeStream } from '../../harness/fake-stream.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';
import { waitFor } from '../../harness/wait-for.ts';

const databaseId = 'a-database';

/** A publisher on a real database and reader, with connections that go nowhere. */
class Trial {
  readonly database = new TemporaryDatabase();
  readonly reader: Reader;
  readonly publisher: Publisher;

  constructor(readerPath = this.database.path) {
    this.reader = new Reader(readerPath);
    this.publisher = new Publisher(this.reader, databaseId, 0);
  }

  connect(): { connection: Connection; stream: FakeStream } {
    const stream = new FakeStream();
    const connection = new Connection(1, stream, {
      onFrame: () => undefined,
      onDrain: () => undefined,
      onPartialFrame: () => undefined,
      onEnd: () => undefined,
    });
    connection.acceptHello('test', 1);
    return { connection, stream };
  }

  commit(count: number, event: Partial<StoredEvent> = {}): void {
    const from = this.publisher.lastId;
    this.database.append(
      Array.from({ length: count }, (_, n) => ({ type: 'a', source: 'b', timestamp: from + n + 1, ...event })),
    );
    this.publisher.publish(this.database.store.lastId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reader.close();
    this.database[Symbol.dispose]();
  }
}

/** Ids that a tail has received. */
function received(stream: FakeStream, requestId: number): number[] {
  return stream.frames
    .filter((frame) => frame.kind === 'events' && frame.requestId === requestId)
    .flatMap(({ body }) => (body as { events: StoredEvent[] }).events.map(({ id }) => id));
}

const following = { filter: {} };

describe('Publisher', () => {
  test('sends what is committed to every tail, once and in order', async () => {
    await using trial = new Trial();
    const [one, other] = [trial.connect(), trial.connect()];
    trial.publisher.start(one.connection, 1, following);
    trial.publisher.start(one.connection, 2, { filter: { types: ['rare'] } });
    trial.publisher.start(other.connection, 1, following);
    assert.equal(trial.publisher.tails, 3);
    trial.commit(3);
    trial.commit(1, { type: 'rare' });
    trial.commit(2);
    await waitFor('all', () => [one, other].every(({ stream }) => received(stream, 1).length === 6));
    await waitFor('the rare one', () => received(one.stream, 2).length > 0);
    assert.deepEqual(received(one.stream, 1), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(received(other.stream, 1), [1, 2, 3, 4, 5, 6]);
    assert.deepEqual(received(one.stream, 2), [4]);
  });

  test('says where a tail starts before anything else', async () => {
    await using trial = new Trial();
    trial.commit(5);
    const { connection, stream } = trial.connect();
    trial.publisher.start(connection, 7, { filter: {}, after: { databaseId, id: 2 } });
    await waitFor('the rest', () => received(stream, 7).length === 3);
    assert.deepEqual(stream.frames[0], {
      kind: 'reply',
      requestId: 7,
      body: { position: { databaseId, id: 2 }, newestId: 5 },
    });
    assert.deepEqual(received(stream, 7), [3, 4, 5]);
    assert.deepEqual((stream.frames.at(-1)?.body as { position: unknown }).position, { databaseId, id: 5 });
  });

  test('sends nothing to a tail that was stopped, nor to a connection that has gone', async () => {
    await using trial = new Trial();
    const [one, gone] = [trial.connect(), trial.connect()];
    trial.publisher.start(one.connection, 1, following);
    trial.publisher.start(one.connection, 2, following);
    trial.publisher.start(gone.connection, 1, following);
    trial.publisher.stop(one.connection, 1);
    trial.publisher.stop(one.connection, 99);
    trial.publisher.forget(gone.connection);
    assert.equal(trial.publisher.tails, 1);
    trial.commit(1);
    await waitFor('the one that is left', () => received(one.stream, 2).length === 1);
    assert.deepEqual([received(one.stream, 1), received(gone.stream, 1)], [[], []]);
    trial.publisher.start(one.connection, 1, following);
  });

  test('gives a connection a bounded number of tails, each with an id of its own', async () => {
    await using trial = new Trial();
    const { connection } = trial.connect();
    for (let id = 1; id <= limits.tailsPerConnection; id += 1) trial.publisher.start(connection, id, following);
    assert.throws(() => trial.publisher.start(connection, 99, following), { code: 'too_many_tails' });
    trial.publisher.stop(connection, 1);
    assert.throws(() => trial.publisher.start(connection, 2, following), { code: 'invalid_request' });
    trial.publisher.start(connection, 99, following);
    trial.publisher.start(trial.connect().connection, 1, following);
  });

  test('refuses a position of another database, and one that is not there', async () => {
    await using trial = new Trial();
    trial.commit(2);
    const { connection, stream } = trial.connect();
    const after = (position: { databaseId: string; id: number }, requestId: number) =>
      trial.publisher.start(connection, requestId, { filter: {}, after: position });
    assert.throws(() => after({ databaseId: 'another', id: 1 }, 1), { code: 'invalid_cursor' });
    after({ databaseId, id: 3 }, 2);
    await waitFor('the refusal', () => stream.frames.length === 1);
    const [frame] = stream.frames;
    assert.deepEqual([frame?.kind, frame?.requestId], ['error', 2]);
    assert.equal((frame?.body as { code: string }).code, 'invalid_cursor');
    assert.equal(trial.publisher.tails, 0);
    after({ databaseId, id: 2 }, 3);
    assert.equal(trial.publisher.tails, 1);
  });

  test('takes a position that was committed an instant before the publisher heard of it', async () => {
    await using trial = new Trial();
    trial.database.append([{ type: 'a', source: 'b', timestamp: 1 }]);
    const { connection, stream } = trial.connect();
    trial.publisher.start(connection, 1, { filter: {}, after: { databaseId, id: 1 } });
    trial.publisher.publish(1);
    trial.commit(1);
    await waitFor('the next event', () => received(stream, 1).length === 1);
    assert.deepEqual(
      stream.frames.map(({ kind }) => kind),
      ['reply', 'events'],
    );
    assert.deepEqual(received(stream, 1), [2]);
  });

  test('ends a tail that cannot be read with the reason, and has room for another', async () => {
    await using trial = new Trial('/nowhere/events.db');
    const { connection, stream } = trial.connect();
    const refusals = () => stream.frames.filter(({ kind }) => kind === 'error').length;
    for (let id = 1; id <= limits.tailsPerConnection; id += 1) trial.publisher.start(connection, id, following);
    trial.commit(1);
    await waitFor('the refusals', () => refusals() === limits.tailsPerConnection);
    trial.publisher.start(connection, 99, following);
    trial.commit(1);
    await waitFor('one more', () => refusals() === limits.tailsPerConnection + 1);
    assert.equal(trial.publisher.tails, 0);
  });
});

describe('a tail whose client does not read', () => {
  test('waits with what it has not sent, and goes on behind it', async () => {
    await using trial = new Trial();
    const [slow, quick] = [trial.connect(), trial.connect()];
    trial.publisher.start(slow.connection, 1, following);
    trial.publisher.start(quick.connection, 1, following);
    slow.stream.unsentBytes = 512 * 1024;
    trial.commit(3);
    trial.commit(3);
    await waitFor('the other', () => received(quick.stream, 1).length === 6);
    assert.deepEqual(received(slow.stream, 1), []);
    slow.stream.unsentBytes = 0;
    trial.publisher.drained(slow.connection);
    await waitFor('it', () => received(slow.stream, 1).length === 6);
    assert.deepEqual(received(slow.stream, 1), [1, 2, 3, 4, 5, 6]);
  });
});

describe('a tail whose place is gone', () => {
  test('is told what was lost, and goes on behind it', async () => {
    await using trial = new Trial();
    trial.commit(10);
    trial.database.db.exec('DELETE FROM event WHERE id <= 6');
    const { connection, stream } = trial.connect();
    trial.publisher.start(connection, 1, { filter: {}, after: { databaseId, id: 2 } });
    await waitFor('the rest', () => received(stream, 1).length === 4);
    assert.deepEqual(
      stream.frames.map(({ kind }) => kind),
      ['reply', 'reset', 'events'],
    );
    assert.deepEqual(stream.frames[1]?.body, { lostFrom: 3, lostTo: 6 });
    assert.deepEqual(received(stream, 1), [7, 8, 9, 10]);
  });

  test('is told so when nothing is left, once', async () => {
    await using trial = new Trial();
    trial.commit(5);
    trial.database.db.exec('DELETE FROM event');
    const { connection, stream } = trial.connect();
    trial.publisher.start(connection, 1, { filter: {}, after: { databaseId, id: 1 } });
    await waitFor('the reset', () => stream.frames.length === 2);
    trial.commit(1);
    await waitFor('the next', () => received(stream, 1).length === 1);
    assert.deepEqual(
      stream.frames.map(({ kind, body }) => (kind === 'reset' ? body : kind)),
      ['reply', { lostFrom: 2, lostTo: 5 }, 'events'],
    );
  });

  test('is not told of what is gone before its place', async () => {
    await using trial = new Trial();
    trial.commit(5);
    trial.database.db.exec('DELETE FROM event WHERE id <= 3');
    const { connection, stream } = trial.connect();
    trial.publisher.start(connection, 1, { filter: {}, after: { databaseId, id: 3 } });
    await waitFor('the rest', () => received(stream, 1).length === 2);
    assert.ok(!stream.frames.some(({ kind }) => kind === 'reset'));
  });
});

describe('tails of a daemon that stores nothing', () => {
  test('see the events that match as they pass', async () => {
    const trial = new Publisher(new Reader(undefined), databaseId, 0);
    await using helper = new Trial();
    const event = (n: number, more: Partial<StoredEvent> = {}): StoredEvent => ({
      id: 0,
      type: 'a',
      source: 'b',
      timestamp: n,
      data: {},
      ...more,
    });
    const filters = [
      {},
      { types: ['rare'] },
      { sources: ['b'], since: 2 },
      { until: 2 },
      { actions: ['create'] },
      { actions: ['create'], types: ['never'] },
    ];
    const streams = filters.map((filter, index) => {
      const { connection, stream } = helper.connect();
      trial.start(connection, index, { filter });
      return stream;
    });
    trial.publishUnpersisted([event(1), event(2, { type: 'rare' }), event(3, { action: 'create' })]);
    const seen = streams.map((stream) =>
      stream.frames
        .filter(({ kind }) => kind === 'events')
        .flatMap(({ body }) => (body as { events: StoredEvent[] }).events.map(({ timestamp }) => timestamp)),
    );
    assert.deepEqual(seen, [[1, 2, 3], [2], [2, 3], [1], [3], []]);
    assert.equal(streams.at(-1)?.frames.length, 1, 'a batch without a match is no news');
  });
});
