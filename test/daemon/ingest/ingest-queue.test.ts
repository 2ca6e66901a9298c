import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { IngestQueue, type QueuedJob } from '../../../daemon/ingest/ingest-queue.ts';
import { checkProperty } from '../../harness/property.ts';

const bounds = { totalBytes: 1_000, bytesPerSender: 300 };

/** The queue as one would explain it: who is next stands first; who was served goes to the back while it has more. */
class QueueModel {
  readonly #row: { sender: number; jobs: QueuedJob<number>[] }[] = [];

  push(queued: QueuedJob<number>): void {
    const line = this.#row.find(({ sender }) => sender === queued.sender);
    if (line === undefined) this.#row.push({ sender: queued.sender, jobs: [queued] });
    else line.jobs.push(queued);
  }

  take(maxBytes: number): QueuedJob<number>[] {
    const taken: QueuedJob<number>[] = [];
    for (;;) {
      const line = this.#row[0];
      const job = line?.jobs[0];
      if (line === undefined || job === undefined) return taken;
      if (taken.length > 0 && bytesOf(taken) + job.bytes > maxBytes) return taken;
      taken.push(job);
      line.jobs.shift();
      this.#row.shift();
      if (line.jobs.length > 0) this.#row.push(line);
    }
  }

  bytes(sender?: number): number {
    return this.#row
      .filter((line) => sender === undefined || line.sender === sender)
      .reduce((sum, { jobs }) => sum + bytesOf(jobs), 0);
  }
}

function bytesOf(jobs: readonly QueuedJob<number>[]): number {
  return jobs.reduce((sum, { bytes }) => sum + bytes, 0);
}

function filled(counts: readonly [sender: number, jobs: number][], bytes = 1): IngestQueue<string> {
  const queue = new IngestQueue<string>(bounds);
  for (const [sender, jobs] of counts) {
    for (let job = 0; job < jobs; job += 1) queue.push({ sender, bytes, job: `${sender}.${job}` });
  }
  return queue;
}

const jobs = (taken: readonly QueuedJob<string>[]) => taken.map(({ job }) => job);

describe('IngestQueue', () => {
  test('agrees with a model', async (t) => {
    const sender = fc.nat(4);
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ push: fc.constant(1), sender, bytes: fc.integer({ min: 1, max: 400 }) }) },
      {
        weight: 1,
        arbitrary: fc.record({ push: fc.integer({ min: 900, max: 1_500 }), sender, bytes: fc.constant(1) }),
      },
      { weight: 3, arbitrary: fc.record({ take: fc.oneof(fc.nat(900), fc.constant(Number.POSITIVE_INFINITY)) }) },
    );
    await checkProperty(
      t,
      fc.property(fc.array(step, { maxLength: 40, size: 'max' }), (steps) => {
        const queue = new IngestQueue<number>(bounds);
        const model = new QueueModel();
        let job = 0;
        for (const each of steps) {
          if ('take' in each) {
            assert.deepEqual(queue.take(each.take), model.take(each.take));
          } else {
            for (let count = 0; count < each.push; count += 1) {
              const queued = { sender: each.sender, bytes: each.bytes, job: (job += 1) };
              queue.push(queued);
              model.push(queued);
            }
          }
          assert.equal(queue.queuedBytes, model.bytes());
          assert.equal(queue.isEmpty, model.bytes() === 0);
          for (let id = 0; id <= 5; id += 1) {
            const hasRoom = model.bytes() < bounds.totalBytes && model.bytes(id) < bounds.bytesPerSender;
            assert.equal(queue.hasRoom(id), hasRoom);
          }
        }
      }),
      150,
    );
  });

  test('serves senders in turn, so that a flood waits behind itself', () => {
    const queue = filled([
      [1, 100],
      [2, 2],
      [3, 1],
    ]);
    assert.deepEqual(jobs(queue.take(6)), ['1.0', '2.0', '3.0', '1.1', '2.1', '1.2']);
    queue.push({ sender: 4, bytes: 1, job: '4.0' });
    assert.deepEqual(jobs(queue.take(3)), ['1.3', '4.0', '1.4']);
  });

  test('gives at least one job, however large, and none over the size that was asked for after it', () => {
    const queue = new IngestQueue<string>(bounds);
    queue.push({ sender: 1, bytes: 500, job: 'large' });
    queue.push({ sender: 1, bytes: 5, job: 'small' });
    assert.deepEqual(jobs(queue.take(10)), ['large']);
    assert.deepEqual(jobs(queue.take(0)), ['small']);
    assert.deepEqual(jobs(queue.take(10)), []);
  });

  test('keeps the order of one sender over thousands of jobs', () => {
    const queue = filled([[1, 5_000]]);
    const taken: string[] = [];
    let pushed = 5_000;
    while (!queue.isEmpty) {
      taken.push(...jobs(queue.take(7)));
      if (pushed < 9_000) queue.push({ sender: 1, bytes: 1, job: `1.${(pushed += 1) - 1}` });
    }
    assert.deepEqual(
      taken,
      Array.from({ length: 9_000 }, (_, job) => `1.${job}`),
    );
  });

  test('has room up to its bounds: for the sender, and for all together', () => {
    const queue = filled([[1, 299]]);
    assert.equal(queue.hasRoom(1), true);
    queue.push({ sender: 1, bytes: 1, job: '' });
    assert.deepEqual([queue.hasRoom(1), queue.hasRoom(2)], [false, true]);
    for (const sender of [2, 3, 4]) queue.push({ sender, bytes: 233, job: '' });
    assert.equal(queue.hasRoom(5), true);
    queue.push({ sender: 4, bytes: 1, job: '' });
    assert.equal(queue.hasRoom(5), false);
  });
});
