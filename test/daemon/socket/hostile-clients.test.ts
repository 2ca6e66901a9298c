import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Client } from '../../../client/index.ts';
import { encode } from '../../../shared/codec.ts';
import { encodeFrame } from '../../../shared/frame.ts';
import { limits } from '../../../shared/limits.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { nested, pack, Raw } from '../../harness/msgpack.ts';
import { seededIntegers } from '../../harness/property.ts';
import { RawClient } from '../../harness/raw-client.ts';
import { waitFor } from '../../harness/wait-for.ts';

const MiB = 1024 * 1024;

let daemon: DaemonProcess;
let bystander: Client;
let timestamp = 0;
before(async () => {
  daemon = await DaemonProcess.start();
  bystander = daemon.connect();
});
after(() => daemon.stop());

/** Somebody else's event is stored, whatever is going on. */
async function bystanderIsServed(): Promise<void> {
  const { stored } = await bystander.recordBatch([{ type: 'bystander', source: 'b', timestamp: (timestamp += 1) }]);
  assert.equal(stored, 1);
}

const onlyTheBystanderIsThere = () =>
  waitFor('the others to be gone', async () => (await bystander.status()).connections === 1);

describe('a client that speaks something else', () => {
  const hostile: [what: string, bytes: Buffer][] = [
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['TLS', Buffer.from('1603010200010001fc0303'.padEnd(1024, '0'), 'hex')],
    ['text', Buffer.from('hello?\n')],
    ['zeros', Buffer.alloc(64)],
    ['the longest length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['a response', encodeFrame('reply', 0, encode({}))],
  ];
  for (const [what, bytes] of hostile) {
    for (const isGreeted of [false, true]) {
      test(`is told and let go: ${what}, ${isGreeted ? 'after' : 'instead of'} hello`, async () => {
        const raw = isGreeted ? await RawClient.greet(daemon.paths.socket) : await RawClient.open(daemon.paths.socket);
        raw.sendBytes(bytes);
        if (isGreeted && what === 'a response') {
          const { body } = await raw.answer(0);
          assert.equal((body as { code: string }).code, 'unknown_kind');
          raw.destroy();
        } else {
          await raw.closed();
          const refusal = raw.frames.at(-1);
          assert.equal(refusal?.kind, 'error');
          assert.equal(refusal.requestId, 0);
        }
        await bystanderIsServed();
      });
    }
  }

  test('leaves nothing behind, in whatever it stopped', async (t) => {
    const frame = encodeFrame('record', 2, encode({ events: [{ type: 'half', source: 'b', timestamp: 1 }] }));
    for (const length of seededIntegers(t, 40, 0, frame.length - 1)) {
      const raw = await RawClient.greet(daemon.paths.socket);
      raw.sendBytes(frame.subarray(0, length));
      raw.socket.end();
      await raw.closed();
    }
    await bystanderIsServed();
    await onlyTheBystanderIsThere();
    assert.equal((await bystander.page({ filter: { types: ['half'] } })).events.length, 0);
  });

  test('is understood though it sends a byte at a time', async () => {
    const raw = await RawClient.open(daemon.paths.socket);
    raw.socket.setNoDelay(true);
    const hello = encodeFrame('hello', 1, encode({ protocol: { min: 1, max: 1 }, client: { name: 'slow', pid: 1 } }));
    const record = encodeFrame('record', 2, encode({ events: [{ type: 'slow', source: 'b', timestamp: 1 }] }));
    for (const byte of Buffer.concat([hello, record])) {
      raw.sendBytes(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(((await raw.answer(2)).body as { stored: number }).stored, 1);
    raw.destroy();
  });
});

describe('a client that sends too much', () => {
  test('announces four gigabytes, and nothing is kept of what follows', async () => {
    const quietBytes = (await bystander.status()).memory_bytes;
    const raws = await Promise.all(Array.from({ length: 10 }, () => RawClient.greet(daemon.paths.socket)));
    for (const raw of raws) {
      raw.sendBytes(Buffer.from([0xff, 0xff, 0xff, 0xff]));
      for (let n = 0; n < 8; n += 1) raw.sendBytes(Buffer.alloc(MiB));
    }
    for (const raw of raws) {
      await raw.closed();
      assert.equal((raw.frames.at(-1)?.body as { code: string }).code, 'too_large');
    }
    await bystanderIsServed();
    const grownBytes = (await bystander.status()).memory_bytes - quietBytes;
    assert.ok(grownBytes < 64 * MiB, `${(grownBytes / MiB).toFixed(1)} MiB more than before`);
  });

  test('has its large events refused one by one, up to the size of a frame', async () => {
    const raw = await RawClient.greet(daemon.paths.socket);
    const event = { type: 'a', source: 'b', timestamp: 1 };
    const tooLarge = { ...event, data: { text: 'x'.repeat(limits.eventBytes) } };
    raw.send('record', 2, { events: [{ ...event, type: 'before' }, tooLarge, { ...event, type: 'behind' }] });
    const { body } = await raw.answer(2);
    const { stored, rejected } = body as { stored: number; rejected: { index: number; code: string }[] };
    assert.equal(stored, 2);
    assert.deepEqual(
      rejected.map(({ index, code }) => [index, code]),
      [[1, 'too_large']],
    );
    raw.send('record', 3, { events: Array.from({ length: 9 }, () => tooLarge) });
    await raw.closed();
    assert.equal((raw.frames.at(-1)?.body as { code: string }).code, 'too_large');
  });

  test('nests a million levels deep, and nobody waits for that', async () => {
    const raw = await RawClient.greet(daemon.paths.socket);
    const deep = pack({ events: [{ type: 'a', source: 'b', data: { deep: nested(1_000_000) } }] });
    for (let id = 2; id < 12; id += 1) raw.sendBody('record', id, deep);
    await bystanderIsServed();
    for (let id = 2; id < 12; id += 1) {
      const { body } = await raw.answer(id);
      assert.deepEqual(
        (body as { rejected: { code: string }[] }).rejected.map(({ code }) => code),
        ['too_deep'],
      );
    }
    raw.destroy();
  });

  test('fills a frame with what takes most memory once decoded', async () => {
    // A byte each, and an object each: all within the limits of an event and of a frame.
    const maps = 1_000_000;
    const list = new Raw(Buffer.concat([Buffer.from('dd000f4240', 'hex'), Buffer.alloc(maps, 0x80)]));
    const event = (n: number) => ({ type: 'maps', source: 'b', timestamp: n, data: { list } });
    const body = pack({ events: Array.from({ length: 8 }, (_, n) => event(n)) });
    assert.ok(body.length < limits.frameBytes);
    const raw = await RawClient.greet(daemon.paths.socket);
    raw.sendBody('record', 2, body);
    await waitFor('a receipt, or the end of the daemon', () => raw.frames.length > 1 || raw.isClosed);
    assert.equal(daemon.process.exitCode, null, 'the daemon lives');
    assert.equal(((await raw.answer(2)).body as { stored: number }).stored, 8);
    await bystanderIsServed();
    raw.destroy();
  });
});
