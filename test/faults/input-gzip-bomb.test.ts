import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { limits } from '../../shared/limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { PeakMemory, skipWithoutPeakMemory } from '../harness/peak-memory.ts';

const MiB = 1024 * 1024;
const event = (n: number) => ({ type: 't', source: 's', timestamp: n, data: { n, text: 'x'.repeat(5_000) } });

test('row 33: payloads that expand without end, or to no JSON: each damages its own event only, and memory is bounded', {
  skip: skipWithoutPeakMemory,
}, async (t) => {
  await using daemon = await DaemonProcess.start();
  const client = daemon.connect();
  const { databaseId } = await client.ready();
  await client.recordBatch(Array.from({ length: 10 }, (_, n) => event(n)));
  for (let round = 0; round < 10; round += 1) await client.page({});

  const tampered: [id: number, data: Buffer][] = [
    [2, gzipSync(Buffer.alloc(64 * MiB))],
    [3, gzipSync(JSON.stringify({ text: 'x'.repeat(64 * MiB) }))],
    [5, gzipSync(gzipSync(Buffer.alloc(256 * MiB)))],
    [6, gzipSync(JSON.stringify(event(1).data)).subarray(0, 40)],
    [8, gzipSync('[')],
    [9, Buffer.from('1f8b08')],
  ];
  const db = new Sqlite(daemon.paths.database);
  for (const [id, data] of tampered) db.prepare('UPDATE event SET data = ? WHERE id = ?').run(data, id);
  db.close();
  const damaged = tampered.map(([id]) => id);
  const whole = [1, 4, 7, 10];

  const memory = new PeakMemory(daemon.process.pid ?? 0);
  for (let round = 0; round < 5; round += 1) {
    const page = await client.page({ order: 'asc' });
    assert.deepEqual([page.events.map(({ id }) => id), page.damaged, page.cursor], [whole, damaged, null]);
    for (const { data, timestamp } of page.events) assert.deepEqual(data, event(timestamp).data);
  }
  const seen: number[] = [];
  const tail = client.tail({ after: { databaseId, id: 0 }, onDamaged: (id) => seen.push(id) });
  for (const id of whole) assert.equal((await tail.next()).value?.id, id);
  await tail.return();
  assert.deepEqual(seen, damaged);
  t.diagnostic(`${memory.grownMiB.toFixed(1)} MiB at most`);
  // Expanded whole, the five rounds would take 640 MiB. What is given up before that waits for the collector.
  assert.ok(memory.grownMiB < 16 * (limits.payloadJsonBytes / MiB), `${memory.grownMiB} MiB`);
  assert.equal((await client.recordBatch([event(11)])).stored, 1);
});

test('row 33: an event that compresses to a thousandth is bounded by what it is, not by what is kept', async () => {
  await using daemon = await DaemonProcess.start();
  const client = daemon.connect();
  const text = 'a'.repeat(1_000_000);
  const bombs = Array.from({ length: 12 }, (_, n) => ({ ...event(n), data: { text } }));
  assert.equal((await client.recordBatch(bombs)).stored, bombs.length);
  let listed = 0;
  for await (const page of client.pages({ order: 'asc' })) {
    assert.ok(page.events.length * text.length <= limits.pageBytes, `${page.events.length} events in a page`);
    for (const { data } of page.events) assert.equal(data['text'], text);
    listed += page.events.length;
  }
  assert.equal(listed, bombs.length);
});
