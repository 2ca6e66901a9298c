import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connectWithNet } from '../../../client/net-transport.ts';
import { connectWithNodeIpc } from '../../../client/transport.ts';
import { listenWithNodeIpc } from '../../../daemon/socket/listener.ts';
import { listenWithNet } from '../../../daemon/socket/net-listener.ts';
import type { ByteStream, Listen, Listener, StreamHandlers, Transport } from '../../../shared/byte-stream.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

const listeners: [string, Listen][] = [
  ['node-ipc', listenWithNodeIpc],
  ['node:net', listenWithNet],
];
const transports: [string, Transport][] = [
  ['node-ipc', connectWithNodeIpc],
  ['node:net', connectWithNet],
];

/** More than the buffers of both ends hold. */
const LARGE_BYTES = 4 * 1024 * 1024;

/** One end of a connection, and all that happened to it. */
class End implements StreamHandlers {
  readonly stream: ByteStream;
  readonly chunks: Buffer[] = [];
  readonly closes: (Error | undefined)[] = [];
  drains = 0;
  onDataMore: (chunk: Buffer) => void = () => undefined;

  constructor(stream: ByteStream) {
    this.stream = stream;
  }

  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get receivedBytes(): number {
    return this.chunks.reduce((sum, { length }) => sum + length, 0);
  }

  onData(chunk: Buffer): void {
    this.chunks.push(Buffer.from(chunk));
    this.onDataMore(chunk);
  }

  onDrain(): void {
    this.drains += 1;
  }

  onClose(error: Error | undefined): void {
    this.closes.push(error);
  }
}

/** A listener on a socket of its own, and whoever connects to it. */
class Trial {
  readonly path: string;
  readonly accepted: End[] = [];
  readonly #transport: Transport;
  readonly #listener: Listener;
  readonly #clients: End[] = [];
  readonly #remove: () => void;

  private constructor(path: string, transport: Transport, listener: Listener, accepted: End[], remove: () => void) {
    this.path = path;
    this.#transport = transport;
    this.#listener = listener;
    this.accepted = accepted;
    this.#remove = remove;
  }

  static async open(listen: Listen, transport: Transport, maxConnections = 100): Promise<Trial> {
    const home = temporaryHome();
    const path = join(home.path, 'test.sock');
    const accepted: End[] = [];
    const listener = await listen(path, maxConnections, (stream) => {
      const end = new End(stream);
      accepted.push(end);
      return end;
    });
    return new Trial(path, transport, listener, accepted, home.remove);
  }

  /** A new connection, seen from both ends. */
  async connect(): Promise<[client: End, server: End]> {
    const before = this.accepted.length;
    let client: End | undefined;
    await this.#transport(this.path, (stream) => {
      client = new End(stream);
      return client;
    });
    assert.ok(client);
    this.#clients.push(client);
    const server = await waitFor('the connection to be accepted', () => this.accepted[before]);
    return [client, server];
  }

  closeListener(): void {
    this.#listener.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const { stream } of [...this.#clients, ...this.accepted]) stream.destroy();
    this.#listener.close();
    this.#remove();
    return Promise.resolve();
  }
}

/** Bytes that show where they belong. */
function pattern(length: number, seed = 0): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE((at + seed) >>> 0, at);
  return bytes;
}

const bothClosed = (one: End, other: End) =>
  waitFor('both ends to be closed', () => one.closes.length > 0 && other.closes.length > 0);

for (const [listenerName, listen] of listeners) {
  for (const [transportName, transport] of transports) {
    describe(`a connection from ${transportName} to a ${listenerName} listener`, { concurrency: false }, () => {
      const open = () => Trial.open(listen, transport);

      test('carries bytes both ways, in order, however they are written', async () => {
        await using trial = await open();
        const [client, server] = await trial.connect();
        const sent = pattern(100_000);
        for (let at = 0, size = 1; at < sent.length; at += size, size = (size * 7) % 4001 || 1) {
          client.stream.write(sent.subarray(at, at + size));
          server.stream.write(sent.subarray(at, at + size));
          if (size % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        await waitFor('all bytes', () => client.receivedBytes === sent.length && server.receivedBytes === sent.length);
        assert.ok(client.received.equals(sent));
        assert.ok(server.received.equals(sent));
      });

      test('keeps connections apart', async () => {
        await using trial = await open();
        const pairs: [End, End][] = [];
        for (let n = 0; n < 5; n += 1) pairs.push(await trial.connect());
        for (const [n, [client, server]] of pairs.entries()) {
          client.stream.write(Buffer.from(`client ${n}`));
          server.stream.write(Buffer.from(`server ${n}`));
        }
        await waitFor('all', () => pairs.every(([one, other]) => one.receivedBytes === 8 && other.receivedBytes === 8));
        for (const [n, [client, server]] of pairs.entries()) {
          assert.equal(client.received.toString(), `server ${n}`);
          assert.equal(server.received.toString(), `client ${n}`);
        }
      });

      test('carries a large write whole, and reports the drain', async () => {
        await using trial = await open();
        const [client, server] = await trial.connect();
        const sent = pattern(LARGE_BYTES, 7);
        client.stream.write(sent);
        assert.ok(client.stream.unsentBytes > 0);
        await waitFor('all bytes', () => server.receivedBytes === sent.length);
        assert.ok(server.received.equals(sent));
        await waitFor('the drain', () => client.drains > 0);
        assert.equal(client.stream.unsentBytes, 0);
        server.stream.write(sent);
        await waitFor('all bytes', () => client.receivedBytes === sent.length);
        await waitFor('the drain', () => server.drains > 0);
        assert.ok(client.received.equals(sent));
      });

      test('stops reading while it is paused: the bytes wait at the sender', async () => {
        await using trial = await open();
        const [client, server] = await trial.connect();
        for (const [reading, writing] of [
          [server, client],
          [client, server],
        ] as const) {
          reading.stream.pause();
          const sent = pattern(LARGE_BYTES, 3);
          writing.stream.write(sent);
          // Once the kernel's buffers are full, nothing moves.
          let before = -1;
          await waitFor('the sender to stand still', () => {
            const now = writing.stream.unsentBytes;
            const isStill = now === before;
            before = now;
            return isStill;
          });
          assert.ok(writing.stream.unsentBytes > 0);
          assert.equal(reading.receivedBytes, 0);
          reading.stream.resume();
          await waitFor('all bytes', () => reading.receivedBytes === sent.length);
          assert.ok(reading.received.equals(sent));
        }
      });

      test('sends what is written before it ends, whoever ends it', async () => {
        for (const endedByClient of [true, false]) {
          await using trial = await open();
          const [client, server] = await trial.connect();
          const [ending, other] = endedByClient ? [client, server] : [server, client];
          const sent = pattern(LARGE_BYTES, 1);
          ending.stream.write(sent);
          ending.stream.end();
          await bothClosed(client, server);
          assert.ok(other.received.equals(sent));
          assert.deepEqual([client.closes, server.closes], [[undefined], [undefined]]);
        }
      });

      test('loses what is not sent when it is destroyed, and both ends are told once', async () => {
        for (const destroyedByClient of [true, false]) {
          await using trial = await open();
          const [client, server] = await trial.connect();
          const [destroyed, other] = destroyedByClient ? [client, server] : [server, client];
          other.stream.pause();
          destroyed.stream.write(pattern(LARGE_BYTES));
          destroyed.stream.destroy();
          other.stream.resume();
          await bothClosed(client, server);
          assert.ok(other.receivedBytes < LARGE_BYTES);
          // Whatever else there is to report would come now.
          await new Promise((resolve) => setImmediate(resolve));
          assert.deepEqual([client.closes.length, server.closes.length], [1, 1]);
        }
      });

      test('takes writes to a connection that is gone without a word', async () => {
        await using trial = await open();
        const [client, server] = await trial.connect();
        client.stream.destroy();
        client.stream.write(Buffer.from('late'));
        await bothClosed(client, server);
        for (const { stream } of [client, server]) {
          stream.write(Buffer.from('late'));
          stream.end();
          stream.destroy();
        }
        await new Promise((resolve) => setImmediate(resolve));
        assert.deepEqual([client.closes.length, server.closes.length], [1, 1]);
      });

      test('goes on after its listener was closed, and nobody else gets in', async () => {
        await using trial = await open();
        const [client, server] = await trial.connect();
        trial.closeListener();
        await waitFor('the socket file to be gone', () => !existsSync(trial.path));
        await assert.rejects(trial.connect(), { code: 'ENOENT' });
        client.stream.write(Buffer.from('still here'));
        await waitFor('the bytes', () => server.received.toString() === 'still here');
      });

      test('delivers the data of one turn of the event loop even when it ends in the same turn', async () => {
        await using trial = await open();
        const [client, server] = await trial.connect();
        server.onDataMore = () => {
          server.stream.write(Buffer.from('answer'));
          server.stream.end();
        };
        client.stream.write(Buffer.from('question'));
        await bothClosed(client, server);
        assert.equal(client.received.toString(), 'answer');
      });
    });
  }

  describe(`a ${listenerName} listener`, () => {
    test('does not take a path that is in use, whatever is there', async () => {
      await using trial = await Trial.open(listen, connectWithNet);
      await assert.rejects(
        Trial.open(() => listen(trial.path, 1, () => assert.fail()), connectWithNet),
        {
          code: 'EADDRINUSE',
        },
      );
      const [client, server] = await trial.connect();
      client.stream.write(Buffer.from('unharmed'));
      await waitFor('the bytes', () => server.received.toString() === 'unharmed');

      using home = temporaryHome();
      const file = join(home.path, 'file');
      writeFileSync(file, 'content');
      await assert.rejects(
        listen(file, 1, () => assert.fail()),
        { code: 'EADDRINUSE' },
      );
      assert.ok(lstatSync(file).isFile());
    });

    test('turns away more connections than it may have, and takes one again when one has gone', async () => {
      await using trial = await Trial.open(listen, connectWithNet, 2);
      const [first] = await trial.connect();
      await trial.connect();
      let turnedAway: End | undefined;
      await connectWithNet(trial.path, (stream) => {
        turnedAway = new End(stream);
        return turnedAway;
      });
      await waitFor('the third to be closed', () => turnedAway?.closes.length === 1);
      assert.equal(trial.accepted.length, 2);
      first.stream.destroy();
      await waitFor('its end', () => trial.accepted[0]?.closes.length === 1);
      await trial.connect();
    });
  });
}

for (const [transportName, transport] of transports) {
  describe(`a ${transportName} transport`, () => {
    test('rejects with the system error when nobody listens', async () => {
      using home = temporaryHome();
      const unexpected = () => new End({} as ByteStream);
      await assert.rejects(transport(join(home.path, 'missing.sock'), unexpected), { code: 'ENOENT' });
      const stale = join(home.path, 'stale.sock');
      const made = spawnSync(process.execPath, [
        '-e',
        `require('node:net').createServer().listen(${JSON.stringify(stale)}, () => process.kill(process.pid, 'SIGKILL'))`,
      ]);
      assert.equal(made.signal, 'SIGKILL');
      assert.ok(lstatSync(stale).isSocket());
      await assert.rejects(transport(stale, unexpected), { code: 'ECONNREFUSED' });
      const file = join(home.path, 'file');
      writeFileSync(file, '');
      await assert.rejects(transport(file, unexpected), { code: 'ECONNREFUSED' });
    });

    test('says nothing to the handlers of a connection that never was', async () => {
      using home = temporaryHome();
      let end: End | undefined;
      await assert.rejects(
        transport(join(home.path, 'missing.sock'), (stream) => {
          end = new End(stream);
          return end;
        }),
      );
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(end?.closes ?? [], []);
    });
  });
}
