import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Client } from '../../client/index.ts';
import { encode } from '../../shared/codec.ts';
import { encodeFrame } from '../../shared/frame.ts';
import { withLimits } from '../harness/daemon-limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { seededIntegers } from '../harness/property.ts';
import { RawClient } from '../harness/raw-client.ts';
import { waitFor } from '../harness/wait-for.ts';

const timeoutMs = 700;
const hello = { protocol: { min: 1, max: 1 }, client: { name: 'raw', pid: 1 } };
const half = { events: [{ type: 'half', source: 'b', timestamp: 1 }] };

let daemon: DaemonProcess;
let bystander: Client;
let timestamp = 0;
before(async () => {
  daemon = await DaemonProcess.start({
    nodeArguments: withLimits({ helloTimeoutMs: timeoutMs, frameTimeoutMs: timeoutMs }),
  });
  bystander = daemon.connect();
});
after(() => daemon.stop());

/** Somebody else's event is stored, whatever is going on. */
async function bystanderIsServed(): Promise<void> {
  const { stored } = await bystander.recordBatch([{ type: 'bystander', source: 'b', timestamp: (timestamp += 1) }]);
  assert.equal(stored, 1);
}

/** The connection is closed; the last thing that was said names this code and is about the connection. */
async function isLetGo(raw: RawClient, code: RegExp): Promise<string> {
  await raw.closed();
  const last = raw.frames.at(-1);
  const body = last?.body as { code: string; message: string } | undefined;
  assert.deepEqual([last?.kind, last?.requestId], ['error', 0]);
  assert.match(body?.code ?? '', code);
  return body?.message ?? '';
}

describe('a client that speaks something else', () => {
  const strangers: [what: string, bytes: Buffer][] = [
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['TLS', Buffer.from('1603010200010001fc0303'.padEnd(1024, '0'), 'hex')],
    ['text', Buffer.from('hello?\n')],
    ['zeros', Buffer.alloc(64)],
    ['the longest length', Buffer.from([0xff, 0xff, 0xff, 0xff])],
  ];
  for (const [what, bytes] of strangers) {
    for (const when of ['instead of hello', 'after hello']) {
      test(`row 34: is told and let go: ${what}, ${when}`, async () => {
        const { socket } = daemon.paths;
        const raw = when === 'after hello' ? await RawClient.greet(socket) : await RawClient.open(socket);
        raw.sendBytes(bytes);
        await isLetGo(raw, /^(malformed|too_large)$/);
        await bystanderIsServed();
      });
    }
  }

  test('row 34: is told which versions there are', async () => {
    for (const [min, max] of [
      [2, 9],
      [65_535, 65_535],
    ] as const) {
      const raw = await RawClient.open(daemon.paths.socket);
      raw.send('hello', 0, { ...hello, protocol: { min, max } });
      assert.match(await isLetGo(raw, /^bad_version$/), /this daemon speaks protocol 1 to 1,/);
      await bystanderIsServed();
    }
  });
});

describe('a client that does not finish what it began', () => {
  const frame = encodeFrame('record', 2, encode(half));

  test('row 34: leaves nothing behind, in whatever it stopped', async (t) => {
    for (const length of seededIntegers(t, 40, 0, frame.length - 1)) {
      const raw = await RawClient.greet(daemon.paths.socket);
      raw.sendBytes(frame.subarray(0, length));
      if (length % 2 === 0) raw.socket.end();
      else raw.destroy();
      await raw.closed();
    }
    await bystanderIsServed();
    await waitFor('all to be gone', async () => (await bystander.status()).connections === 1);
    assert.equal((await bystander.page({ filter: { types: ['half'] } })).events.length, 0);
  });

  test('row 34: is told that its time is over: no hello, half a hello, half a frame', async () => {
    const helloFrame = encodeFrame('hello', 0, encode(hello));
    const raws = await Promise.all(
      [Buffer.alloc(0), helloFrame.subarray(0, 9), frame.subarray(0, 3), frame.subarray(0, 30)].map(
        async (bytes, n) => {
          const raw = n < 2 ? await RawClient.open(daemon.paths.socket) : await RawClient.greet(daemon.paths.socket);
          raw.sendBytes(bytes);
          return raw;
        },
      ),
    );
    const idle = await RawClient.greet(daemon.paths.socket);
    for (const raw of raws) {
      const message = await isLetGo(raw, /^timeout$/);
      assert.match(message, new RegExp(`${timeoutMs} ms`));
    }
    assert.equal(idle.isClosed, false, 'who has begun nothing may stay');
    idle.destroy();
    await bystanderIsServed();
  });

  test('row 34: a byte at a time is understood, in time', async () => {
    const raw = await RawClient.open(daemon.paths.socket);
    for (const byte of Buffer.concat([encodeFrame('hello', 1, encode(hello)), frame])) {
      raw.sendBytes(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(((await raw.answer(2)).body as { stored: number }).stored, 1);
    raw.destroy();
  });

  test('row 34: a byte now and then is not: each one does not begin the time anew', async () => {
    const raw = await RawClient.greet(daemon.paths.socket);
    const started = performance.now();
    let sent = 0;
    await waitFor('the end', () => {
      if (sent < frame.length - 1 && performance.now() - started > sent * 100) {
        raw.sendBytes(frame.subarray(sent, sent + 1));
        sent += 1;
      }
      return raw.isClosed;
    });
    await isLetGo(raw, /^timeout$/);
    assert.ok(sent > 3, `${sent} bytes`);
    await bystanderIsServed();
  });
});
