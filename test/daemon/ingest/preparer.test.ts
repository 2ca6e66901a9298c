import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as tick } from 'node:timers/promises';
import { Preparer } from '../../../daemon/ingest/preparer.ts';
import type { IncomingJob, WriterJob } from '../../../daemon/writer/writer-messages.ts';
import { encode } from '../../../shared/codec.ts';

const events = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    type: 't',
    source: 's',
    timestamp: n + 0.5,
    data: { text: 'x'.repeat(100) },
  }));
const record = (key: number, sender: number, count: number): IncomingJob => ({
  kind: 'record',
  key,
  sender,
  body: encode({ events: events(count) }),
});

function prepared(): { posted: WriterJob[]; preparer: Preparer; keys: () => number[] } {
  const posted: WriterJob[] = [];
  return { posted, preparer: new Preparer((jobs) => posted.push(...jobs)), keys: () => posted.map(({ key }) => key) };
}

describe('Preparer', () => {
  test('posts small jobs at once, in the order they came', () => {
    const { posted, preparer, keys } = prepared();
    preparer.add([record(1, 1, 1), { kind: 'flush', key: 2, sender: 1 }]);
    preparer.finish();
    assert.deepEqual(keys(), [1, 2]);
    assert.equal(posted[0]?.kind === 'record' && posted[0].events.count, 1);
  });

  test('lets the event loop turn while it has much to do, and those with little to do pass', async () => {
    const { preparer, keys } = prepared();
    for (let key = 1; key <= 4; key += 1) preparer.add([record(key, 1, 10_000)]);
    assert.deepEqual(keys(), [], 'all of it was done before anybody else had a turn');
    preparer.add([record(100, 2, 1)]);
    while (keys().length < 5) await tick();
    assert.deepEqual(keys(), [100, 1, 2, 3, 4]);
  });

  test('prepares everything when it is told to finish', async () => {
    const { preparer, keys } = prepared();
    preparer.add([record(1, 1, 10_000), record(2, 2, 10_000)]);
    preparer.finish();
    assert.deepEqual(
      keys().toSorted((a, b) => a - b),
      [1, 2],
    );
    await tick();
    await tick();
    assert.equal(keys().length, 2);
  });

  test('hands a request that cannot be read on as refused, in its place', () => {
    const { posted, preparer } = prepared();
    preparer.add([record(1, 1, 1), { kind: 'record', key: 2, sender: 1, body: Buffer.from([0xc1]) }, record(3, 1, 1)]);
    preparer.finish();
    assert.deepEqual(
      posted.map((job) => [job.key, job.kind === 'refused' ? job.error.code : job.kind]),
      [
        [1, 'record'],
        [2, 'invalid_request'],
        [3, 'record'],
      ],
    );
  });
});
