import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Connection } from '../../../daemon/socket/connection.ts';
import { Connections } from '../../../daemon/socket/connections.ts';
import type { StreamHandlers } from '../../../shared/byte-stream.ts';
import { limits } from '../../../shared/limits.ts';
import { FakeStream } from '../../harness/fake-stream.ts';

/** Everybody who is connected, over streams that are made here. */
class Trial {
  readonly ended: string[] = [];
  isListening = false;
  maxConnections = 0;
  readonly connections: Connections;
  #handlersFor: ((stream: FakeStream) => StreamHandlers) | undefined;

  constructor() {
    this.connections = new Connections({
      path: '/nowhere',
      bound: { served: limits.connections, refused: 3 },
      listen: (_, maxConnections, handlersFor) => {
        this.isListening = true;
        this.maxConnections = maxConnections;
        this.#handlersFor = handlersFor;
        return Promise.resolve({ close: () => (this.isListening = false) });
      },
      onFrame: () => undefined,
      onDrain: () => undefined,
      onEnd: (_: Connection, reason) => this.ended.push(reason),
    });
  }

  static async listening(): Promise<Trial> {
    const trial = new Trial();
    await trial.connections.listen();
    return trial;
  }

  connect(): { stream: FakeStream; handlers: StreamHandlers } {
    const stream = new FakeStream();
    const handlers = this.#handlersFor?.(stream);
    assert.ok(handlers);
    return { stream, handlers };
  }
}

const code = (stream: FakeStream) => (stream.frames[0]?.body as { code?: string } | undefined)?.code;

describe('Connections', () => {
  test('serve their limit, tell one more why it is refused, and serve again when one has left', async () => {
    const trial = await Trial.listening();
    assert.ok(trial.maxConnections > limits.connections, 'somebody over the limit can still be told');
    const open = Array.from({ length: limits.connections }, () => trial.connect());
    assert.ok(open.every(({ stream }) => stream.frames.length === 0));

    const refused = trial.connect();
    assert.equal(code(refused.stream), 'too_many_connections');
    assert.equal(refused.stream.isEnded, true);
    refused.handlers.onClose(undefined);

    open[0]?.handlers.onClose(undefined);
    assert.equal(trial.connections.size, limits.connections - 1);
    assert.equal(code(trial.connect().stream), undefined);
    assert.equal(code(trial.connect().stream), 'too_many_connections');
    for (const { handlers } of open) handlers.onClose(undefined);
  });

  test('bound what has begun and is not complete: the frame that began first has to go', async () => {
    const trial = await Trial.listening();
    const half = Buffer.alloc(4 + 1024 * 1024);
    half.writeUInt32BE(limits.frameBytes);
    const clients = Array.from({ length: Math.floor(limits.partialFrameBytes / half.length) }, () => trial.connect());
    for (const { handlers } of clients) handlers.onData(half);
    assert.ok(clients.every(({ stream }) => code(stream) === undefined));
    const last = trial.connect();
    last.handlers.onData(half);
    assert.equal(code(last.stream), undefined);
    assert.deepEqual(
      clients.map(({ stream }) => code(stream)),
      clients.map((_, index) => (index === 0 ? 'busy' : undefined)),
    );
    for (const { handlers } of [...clients, last]) handlers.onClose(undefined);
    const later = trial.connect();
    later.handlers.onData(half);
    assert.equal(code(later.stream), undefined, 'what has gone does not count any more');
    later.handlers.onClose(undefined);
  });

  test('stop reading: nobody new, nothing more from anybody, and answers still leave', async () => {
    const trial = await Trial.listening();
    const { stream, handlers } = trial.connect();
    trial.connections.stopReading();
    assert.equal(trial.isListening, false);
    assert.equal(stream.isPaused, true);
    assert.equal(stream.isEnded, false);
    handlers.onClose(undefined);
  });

  test('end all, and say when all have gone', async () => {
    const trial = await Trial.listening();
    const [one, other] = [trial.connect(), trial.connect()];
    let isDone = false;
    const done = trial.connections.end().then(() => (isDone = true));
    assert.deepEqual([one.stream.isEnded, other.stream.isEnded], [true, true]);
    one.handlers.onClose(undefined);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isDone, false);
    other.handlers.onClose(undefined);
    await done;
    assert.equal(trial.connections.size, 0);
    assert.deepEqual(trial.ended, ['the daemon is going away', 'the daemon is going away']);
  });

  test('of nobody end at once', async () => {
    await (await Trial.listening()).connections.end();
  });
});
