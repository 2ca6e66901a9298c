import assert from 'node:assert/strict';
import { describe, mock, test } from 'node:test';
import { Preparer } from '../../../daemon/ingest/preparer.ts';
import { Ingest } from '../../../daemon/ingest/ingest.ts';
import { GroupCommit } from '../../../daemon/writer/group-commit.ts';
import { receiptOutcome } from '../../../daemon/writer/receipt-outcome.ts';
import type { IncomingJob } from '../../../daemon/writer/writer-messages.ts';
import { encode } from '../../../shared/codec.ts';
import { limits } from '../../../shared/limits.ts';
import type { Receipt } from '../../../shared/messages/record.ts';
import { FakeSender } from '../../harness/fake-sender.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const receipt: Receipt = {
  stored: 1,
  duplicate: 2,
  rejected: [{ index: 3, code: 'invalid_type', message: 'no' }],
  firstId: 1,
  lastId: 1,
  level: 'committed',
  persisted: true,
};
const body = (count: number) => encode({ events: Array.from({ length: count }, () => ({ type: 'a', source: 'b' })) });
const pattern = { eventId: null, patternType: 'p', confidence: 1, patternData: '{}', embryoId: null };

/** An ingest whose writer does nothing by itself. */
class Trial {
  readonly posts: IncomingJob[][] = [];
  readonly ingest = new Ingest((jobs) => this.posts.push(jobs));

  get jobs(): IncomingJob[] {
    return this.posts.flat();
  }

  /** The writer is done with these jobs. */
  settle(jobs: readonly IncomingJob[]): void {
    this.ingest.settle(jobs.map(({ key }) => receiptOutcome(key, receipt)));
  }

  /** Settles job after job until everything is done, and returns the keys in that order. */
  async drain(): Promise<number[]> {
    const done: number[] = [];
    for (await tick(); done.length < this.jobs.length; await tick()) {
      const next = this.jobs.slice(done.length);
      done.push(...next.map(({ key }) => key));
      this.settle(next);
    }
    return done;
  }
}

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('Ingest', () => {
  test('posts what arrives in one turn together, in the order of arrival', async () => {
    const { ingest, posts } = new Trial();
    const sender = new FakeSender(1);
    ingest.record(sender, 7, body(3));
    ingest.storePattern(sender, 8, pattern);
    ingest.flush(sender, 9);
    assert.equal(posts.length, 0);
    await tick();
    assert.deepEqual(
      posts.map((jobs) => jobs.map(({ kind }) => kind)),
      [['record', 'store-pattern', 'flush']],
    );
    const [record] = posts[0] ?? [];
    assert.deepEqual(record?.kind === 'record' && Buffer.from(record.body), body(3));
  });

  test('hands each outcome to whoever waits for it', async () => {
    const { ingest, posts } = new Trial();
    const [one, other] = [new FakeSender(1), new FakeSender(2)];
    ingest.record(one, 10, body(1));
    ingest.record(other, 10, body(1));
    ingest.flush(one, 11);
    ingest.storePattern(other, 12, pattern);
    ingest.record(one, 13, body(1));
    await tick();
    const keys = (posts[0] ?? []).map(({ key }) => key);
    assert.equal(keys.length, 5);
    const [first = 0, second = 0, flush = 0, stored = 0, failed = 0] = keys.toSorted((a, b) => a - b);
    const error = { code: 'storage_error', message: 'full', retryable: true } as const;
    ingest.settle([
      { key: stored, patternId: 5 },
      receiptOutcome(second, receipt),
      { key: failed, error },
      { key: flush, done: true },
      receiptOutcome(first, receipt),
      receiptOutcome(999, receipt),
    ]);
    assert.deepEqual(one.replies, [
      { requestId: 11, body: {} },
      { requestId: 10, body: receipt },
    ]);
    assert.deepEqual(other.replies, [
      { requestId: 12, body: { id: 5 } },
      { requestId: 10, body: receipt },
    ]);
    assert.deepEqual(
      one.refusals.map(({ requestId, error: refusal }) => [requestId, refusal.code, refusal.message]),
      [[13, 'storage_error', 'full']],
    );
  });

  test('counts what is under way, and what became of it', async () => {
    const trial = new Trial();
    const { ingest } = trial;
    ingest.record(new FakeSender(1), 1, body(40));
    ingest.record(new FakeSender(2), 1, body(2));
    assert.equal(ingest.eventsUnderWay, 42);
    assert.ok(ingest.bytesUnderWay >= body(40).length + body(2).length);
    await tick();
    assert.equal(ingest.eventsUnderWay, 42, 'handed over is not done');
    trial.settle(trial.jobs);
    assert.deepEqual([ingest.eventsUnderWay, ingest.bytesUnderWay], [0, 0]);
    assert.deepEqual(ingest.totals, { stored: 2, duplicate: 4, rejected: 2 });
    assert.equal(ingest.rate.perSecond(performance.now()), 2 / 60);
  });

  test('gives the writer one window at a time', async () => {
    const trial = new Trial();
    const sender = new FakeSender(1);
    const large = Buffer.alloc(limits.writerWindowBytes / 4);
    for (let request = 0; request < 12; request += 1) trial.ingest.record(sender, request, large);
    await tick();
    assert.ok(trial.jobs.length <= 4);
    assert.ok(trial.jobs.length >= 3);
    const first = trial.jobs.length;
    trial.settle(trial.jobs.slice(0, 1));
    assert.equal(trial.jobs.length, first + 1, 'what is done makes room');
    assert.equal((await trial.drain()).length, 12);
  });

  test('lets one frame pass that is larger than the window', async () => {
    const trial = new Trial();
    trial.ingest.record(new FakeSender(1), 1, Buffer.alloc(limits.writerWindowBytes * 2));
    trial.ingest.record(new FakeSender(1), 2, Buffer.alloc(10));
    await tick();
    assert.equal(trial.jobs.length, 1);
    assert.equal((await trial.drain()).length, 2);
  });
});

describe('Ingest: backpressure', () => {
  const quarter = Buffer.alloc(limits.ingestQueueBytesPerConnection / 4);

  test('stops a sender who floods, not the others, and lets it go on when there is room', async () => {
    const trial = new Trial();
    const [flooding, polite] = [new FakeSender(1), new FakeSender(2)];
    for (let request = 0; request < 3; request += 1) trial.ingest.record(flooding, request, quarter);
    assert.equal(flooding.isPaused, false);
    trial.ingest.record(flooding, 3, quarter);
    assert.equal(flooding.isPaused, true);
    trial.ingest.record(polite, 1, body(1));
    assert.equal(polite.isPaused, false);
    await trial.drain();
    assert.equal(flooding.isPaused, false);
    assert.equal(polite.replies.length, 1);
  });

  test('takes the polite sender into the next window, however much the other has sent', async () => {
    const trial = new Trial();
    const [flooding, polite] = [new FakeSender(1), new FakeSender(2)];
    for (let request = 0; request < 20; request += 1) trial.ingest.record(flooding, request, quarter);
    await tick();
    const before = trial.jobs.length;
    trial.ingest.record(polite, 1, body(1));
    trial.settle(trial.jobs);
    assert.ok(trial.jobs.length > before);
    trial.settle(trial.jobs.slice(before));
    assert.equal(polite.replies.length, 1);
  });

  test('stops everybody who sends when all together are over the bound', async () => {
    const trial = new Trial();
    const senders = Array.from({ length: 12 }, (_, id) => new FakeSender(id + 1));
    for (const sender of senders) for (let n = 0; n < 3; n += 1) trial.ingest.record(sender, n, quarter);
    assert.ok(trial.ingest.bytesUnderWay > limits.ingestQueueBytes);
    assert.ok(senders.at(-1)?.isPaused);
    await trial.drain();
    assert.deepEqual(
      senders.map(({ isPaused }) => isPaused),
      senders.map(() => false),
    );
    assert.ok(senders.every(({ replies }) => replies.length === 3));
  });

  test('stores what a sender sent that has gone, and leaves the sender alone', async () => {
    const trial = new Trial();
    const gone = new FakeSender(1);
    for (let request = 0; request < 5; request += 1) trial.ingest.record(gone, request, quarter);
    trial.ingest.forget(gone);
    assert.equal((await trial.drain()).length, 5);
    assert.equal(gone.isPaused, true, 'nobody resumes a stream that is closed');
  });

  test('hands over everything at the end, whatever the window', () => {
    const trial = new Trial();
    for (let request = 0; request < 20; request += 1) trial.ingest.record(new FakeSender(request), 1, quarter);
    trial.ingest.postAll();
    assert.equal(trial.jobs.length, 20);
  });
});

describe('Ingest: flush', () => {
  test('is answered after the receipts of everything that its sender had sent', async () => {
    const trial = new Trial();
    const [sender, other] = [new FakeSender(1), new FakeSender(2)];
    const large = Buffer.alloc(limits.writerWindowBytes / 2);
    for (let request = 0; request < 8; request += 1) {
      trial.ingest.record(sender, request, large);
      trial.ingest.record(other, request, large);
    }
    trial.ingest.flush(sender, 8);
    await trial.drain();
    assert.deepEqual(
      sender.replies.map(({ requestId }) => requestId),
      [0, 1, 2, 3, 4, 5, 6, 7, 8],
    );
  });
});

describe('Ingest before a group commit', () => {
  test('never fills the window with requests that the group commit lets wait', async (t) => {
    mock.timers.enable({ apis: ['setTimeout'] });
    t.after(() => mock.timers.reset());
    using database = new TemporaryDatabase();
    const group = new GroupCommit(database.store, database.names, {
      batchSize: 100,
      batchTimeoutMs: 3_600_000,
      onOutcomes: (outcomes) => ingest.settle(outcomes),
      onStorageFailure: (_failure, error) => assert.fail(String(error)),
    });
    const preparer = new Preparer((jobs) => {
      for (const job of jobs) group.add(job);
    });
    const ingest = new Ingest((jobs) => preparer.add(jobs));
    // Nothing in them counts towards a batch, and nobody waits for them.
    const empty = encode({ wait: false, events: [] });
    const [flooding, polite] = [new FakeSender(1), new FakeSender(2)];
    for (let request = 0; request < 50_000; request += 1) ingest.record(flooding, request, empty);
    await tick();
    ingest.record(polite, 1, encode({ wait: true, events: [{ type: 'a', source: 'b', timestamp: 1 }] }));
    for (let turn = 0; turn < 100 && polite.replies.length === 0; turn += 1) await tick();
    assert.equal(polite.replies.length, 1, 'somebody who waits is not held up for the batch timeout');
    ingest.postAll();
    preparer.finish();
    group.commit();
    await tick();
  });
});
