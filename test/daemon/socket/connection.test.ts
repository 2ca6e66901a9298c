import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { beforeEach, afterEach, describe, mock, test } from 'node:test';
import { Connection } from '../../../daemon/socket/connection.ts';
import { encode } from '../../../shared/codec.ts';
import { DaybookError } from '../../../shared/errors.ts';
import { encodeFrame, type Frame } from '../../../shared/frame.ts';
import { limits } from '../../../shared/limits.ts';
import { FakeStream } from '../../harness/fake-stream.ts';
import { checkProperty } from '../../harness/property.ts';

const frame = (kind: string, requestId: number, body: unknown = {}) => encodeFrame(kind, requestId, encode(body));

/** A connection between a stream that goes nowhere and an owner that writes down what it is told. */
class Trial {
  readonly stream = new FakeStream();
  readonly frames: { kind: string; requestId: number }[] = [];
  readonly ends: string[] = [];
  readonly partials: number[] = [];
  drains = 0;
  /** What the owner does with a frame. */
  onFrame: (frame: Frame) => void = () => undefined;
  readonly connection = new Connection(1, this.stream, {
    onFrame: (_, received) => {
      this.frames.push({ kind: received.kind, requestId: received.requestId });
      this.onFrame(received);
    },
    onDrain: () => {
      this.drains += 1;
    },
    onPartialFrame: (_, bytes) => this.partials.push(bytes),
    onEnd: (_, reason) => this.ends.push(reason),
  });

  static greeted(): Trial {
    const trial = new Trial();
    trial.connection.acceptHello('test', 7);
    return trial;
  }

  /** The refusal of the connection itself, if there was one. */
  get refusal(): unknown {
    const refused = this.stream.frames.find(({ kind, requestId }) => kind === 'error' && requestId === 0);
    return (refused?.body as { code?: unknown } | undefined)?.code;
  }
}

/** A clock that only moves when it is told to. */
let clockMs = 0;

beforeEach(() => {
  clockMs = 0;
  mock.timers.enable({ apis: ['setTimeout'] });
  mock.method(performance, 'now', () => clockMs);
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

describe('Connection: unfinished frames', () => {
  test('are told as they grow, and once when they are complete', () => {
    const trial = Trial.greeted();
    const bytes = frame('query', 1, { limit: 5 });
    trial.connection.onData(bytes);
    assert.deepEqual(trial.partials, [], 'a whole frame is none');
    trial.connection.onData(bytes.subarray(0, 6));
    trial.connection.onData(bytes.subarray(6, 9));
    trial.connection.onData(bytes.subarray(9));
    assert.deepEqual(trial.partials, [6, 9, 0]);
  });

  test('are over when the connection ends, whoever ends it', () => {
    const [refused, left] = [Trial.greeted(), Trial.greeted()];
    for (const { connection } of [refused, left]) connection.onData(frame('query', 1).subarray(0, 6));
    refused.connection.refuse(new DaybookError('busy', 'too much'));
    left.connection.onClose(undefined);
    assert.deepEqual(
      [refused.partials, left.partials],
      [
        [6, 0],
        [6, 0],
      ],
    );
    refused.connection.onClose(undefined);
    assert.deepEqual(refused.partials, [6, 0]);
  });
});

describe('Connection: turns', () => {
  /** Ten frames in one piece, each of which takes a millisecond. */
  function flood(trial: Trial): void {
    trial.onFrame = () => {
      clockMs += 1;
    };
    trial.connection.onData(Buffer.concat(Array.from({ length: 10 }, (_, n) => frame('query', n + 1))));
  }

  test('end after a while, and the rest comes when the others have had theirs, in order', async () => {
    const trial = Trial.greeted();
    flood(trial);
    assert.equal(trial.frames.length, 1);
    assert.equal(trial.stream.isPaused, true);
    const counts: number[] = [];
    while (trial.frames.length < 10) {
      await new Promise((resolve) => setImmediate(resolve));
      counts.push(trial.frames.length);
    }
    assert.deepEqual(counts, [2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert.deepEqual(
      trial.frames.map(({ requestId }) => requestId),
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(trial.stream.isPaused, false);
  });

  test('what a client sent whole before it left is carried out', () => {
    const trial = Trial.greeted();
    flood(trial);
    trial.connection.onClose(undefined);
    assert.equal(trial.frames.length, 10);
    assert.equal(trial.ends.length, 1);
  });

  test('what came behind the frame for which it is refused is not', async () => {
    const trial = Trial.greeted();
    flood(trial);
    trial.connection.refuse(new DaybookError('busy', 'no more'));
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(trial.frames.length, 1);
    trial.connection.onClose(undefined);
    assert.equal(trial.frames.length, 1);
  });
});

describe('Connection: time limits', () => {
  test('count again when it was the daemon that stood still', () => {
    const trial = new Trial();
    clockMs = 60_000;
    mock.timers.tick(limits.helloTimeoutMs);
    assert.equal(trial.refusal, undefined);
    mock.timers.tick(limits.helloTimeoutMs);
    assert.equal(trial.refusal, 'timeout');
  });

  test('a client must say hello in time', () => {
    const trial = new Trial();
    mock.timers.tick(limits.helloTimeoutMs - 1);
    assert.equal(trial.refusal, undefined);
    mock.timers.tick(1);
    assert.equal(trial.refusal, 'timeout');
    assert.equal(trial.stream.isEnded, true);
  });

  test('a client cannot buy time with the bytes of a hello that never ends', () => {
    const trial = new Trial();
    const hello = frame('hello', 1);
    for (let at = 0; at < 10; at += 1) {
      trial.connection.onData(hello.subarray(at, at + 1));
      mock.timers.tick(limits.helloTimeoutMs / 10);
    }
    assert.equal(trial.refusal, 'timeout');
  });

  test('a client that was greeted may be silent for ever', () => {
    const trial = Trial.greeted();
    trial.connection.onData(frame('status', 1));
    mock.timers.tick(24 * 3_600_000);
    assert.equal(trial.refusal, undefined);
    assert.equal(trial.stream.isEnded, false);
  });

  test('a frame that has begun must be complete in time, however it trickles', () => {
    const trial = Trial.greeted();
    const bytes = frame('record', 1, { text: 'x'.repeat(50) });
    for (let at = 0; at < 29; at += 1) {
      trial.connection.onData(bytes.subarray(at, at + 1));
      mock.timers.tick(limits.frameTimeoutMs / 30);
      assert.equal(trial.refusal, undefined);
    }
    mock.timers.tick(limits.frameTimeoutMs / 30);
    assert.equal(trial.refusal, 'timeout');
  });

  test('each frame has the whole time', () => {
    const trial = Trial.greeted();
    const bytes = frame('record', 1, { text: 'x'.repeat(50) });
    for (let round = 0; round < 5; round += 1) {
      trial.connection.onData(bytes.subarray(0, 10));
      mock.timers.tick(limits.frameTimeoutMs - 1);
      // The rest, and the beginning of the next.
      trial.connection.onData(Buffer.concat([bytes.subarray(10), bytes.subarray(0, 10)]));
      mock.timers.tick(limits.frameTimeoutMs - 1);
      trial.connection.onData(bytes.subarray(10));
    }
    assert.equal(trial.refusal, undefined);
    assert.equal(trial.frames.length, 10);
  });

  test('the time in which the daemon does not read is not held against the client', () => {
    const trial = Trial.greeted();
    trial.connection.onData(frame('record', 1).subarray(0, 10));
    trial.connection.pause('ingest');
    mock.timers.tick(10 * limits.frameTimeoutMs);
    assert.equal(trial.refusal, undefined);
  });

  test('half a frame is still half a frame after the daemon reads again', () => {
    const trial = Trial.greeted();
    trial.connection.onData(frame('record', 1).subarray(0, 10));
    trial.connection.pause('ingest');
    trial.connection.resume('ingest');
    mock.timers.tick(limits.frameTimeoutMs);
    assert.equal(trial.refusal, 'timeout');
  });

  test('a client that does not take the last answer is cut off', () => {
    const trial = Trial.greeted();
    trial.connection.end('test');
    assert.equal(trial.stream.isDestroyed, false);
    mock.timers.tick(limits.shutdownMs);
    assert.equal(trial.stream.isDestroyed, true);
  });
});

describe('Connection: bytes that are no frame', () => {
  const hostile: [what: string, bytes: Buffer, code: string][] = [
    ['the longest length', Buffer.from([0xff, 0xff, 0xff, 0xff]), 'too_large'],
    ['one byte more than a frame may have', Buffer.from([0x00, 0x80, 0x00, 0x01]), 'too_large'],
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), 'too_large'],
    ['a TLS client hello', Buffer.from('1603010200010001fc0303', 'hex'), 'too_large'],
    ['text', Buffer.from('hello\n'), 'too_large'],
    ['an empty frame', Buffer.alloc(4), 'malformed'],
    ['a frame that is no list', Buffer.from('0000000180', 'hex'), 'malformed'],
    ['a header without an id', Buffer.from('0000000392a161', 'hex'), 'malformed'],
    ['a negative id', Buffer.from('0000000592a161ffc0', 'hex'), 'malformed'],
    ['an empty kind', Buffer.from('0000000492a001c0', 'hex'), 'malformed'],
    ['a frame without a body', Buffer.from('0000000492a16101', 'hex'), 'malformed'],
  ];
  for (const [what, bytes, code] of hostile) {
    for (const split of [false, true]) {
      test(`end the connection with the reason: ${what}${split ? ', a byte at a time' : ''}`, () => {
        const trial = Trial.greeted();
        const chunks = split ? [...bytes].map((byte) => Buffer.from([byte])) : [bytes];
        for (const chunk of chunks) trial.connection.onData(chunk);
        assert.equal(trial.refusal, code);
        assert.equal(trial.stream.isEnded, true);
        assert.deepEqual(trial.frames, []);
        trial.connection.onData(frame('status', 1));
        assert.deepEqual(trial.frames, [], 'what follows is not read');
        assert.equal(trial.stream.frames.length, 1, 'and not answered');
      });
    }
  }

  test('leave the frames before them valid', () => {
    const trial = Trial.greeted();
    trial.connection.onData(Buffer.concat([frame('status', 5), Buffer.alloc(4), frame('status', 6)]));
    assert.deepEqual(trial.frames, [{ kind: 'status', requestId: 5 }]);
    assert.equal(trial.refusal, 'malformed');
  });
});

describe('Connection: frames', () => {
  test('come out once and in order, however the bytes are cut', async (t) => {
    const sent = fc.array(fc.record({ kind: fc.constantFrom('record', 'q', 'status'), size: fc.nat(300) }), {
      maxLength: 8,
    });
    await checkProperty(
      t,
      fc.property(sent, fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }), (list, cuts) => {
        const trial = Trial.greeted();
        const stream = Buffer.concat(list.map(({ kind, size }, id) => frame(kind, id, 'x'.repeat(size))));
        for (let at = 0, cut = 0; at < stream.length; cut += 1) {
          const end = at + (cuts[cut % cuts.length] ?? 1);
          trial.connection.onData(stream.subarray(at, end));
          at = end;
        }
        assert.deepEqual(
          trial.frames,
          list.map(({ kind }, requestId) => ({ kind, requestId })),
        );
      }),
      200,
    );
  });

  test('of any bytes never do more than end the connection', async (t) => {
    const valid = Buffer.concat([frame('record', 1, { events: [] }), frame('status', 2)]);
    const mutated = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 3 }).map((changes) => {
      const bytes = Buffer.from(valid);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
    const random = fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes));
    await checkProperty(
      t,
      fc.property(fc.oneof(mutated, random), fc.nat(60), (bytes, cut) => {
        const trial = Trial.greeted();
        trial.connection.onData(bytes.subarray(0, cut));
        trial.connection.onData(bytes.subarray(cut));
        assert.ok(trial.stream.isEnded === (trial.refusal !== undefined));
      }),
      1000,
    );
  });

  test('that are refused are answered with their own id, and the connection goes on', () => {
    const trial = Trial.greeted();
    trial.onFrame = ({ kind }) => {
      if (kind === 'odd') throw new DaybookError('unknown_kind', 'odd');
    };
    trial.connection.onData(Buffer.concat([frame('odd', 3), frame('status', 4)]));
    assert.deepEqual(trial.stream.frames, [
      { kind: 'error', requestId: 3, body: { code: 'unknown_kind', message: 'odd', retryable: false } },
    ]);
    assert.equal(trial.frames.length, 2);
    assert.equal(trial.stream.isEnded, false);
  });

  test('behind the one that ended the connection are not looked at', () => {
    const trial = Trial.greeted();
    trial.onFrame = () => trial.connection.refuse(new DaybookError('hello_required', 'no'));
    trial.connection.onData(Buffer.concat([frame('a', 1), frame('b', 2)]));
    assert.deepEqual(trial.frames, [{ kind: 'a', requestId: 1 }]);
  });
});

describe('Connection: answers', () => {
  test('leave as frames with the id of their request', () => {
    const trial = Trial.greeted();
    trial.connection.reply(9, { a: 1 });
    trial.connection.refuseRequest(10, new DaybookError('busy', 'later'));
    assert.deepEqual(trial.stream.frames, [
      { kind: 'reply', requestId: 9, body: { a: 1 } },
      { kind: 'error', requestId: 10, body: { code: 'busy', message: 'later', retryable: true } },
    ]);
  });

  test('that nobody takes end the connection, and the reason says so', () => {
    const trial = Trial.greeted();
    trial.stream.unsentBytes = limits.pendingReplyBytes;
    trial.connection.reply(1, {});
    assert.equal(trial.stream.isDestroyed, false);
    trial.stream.unsentBytes += 1;
    trial.connection.reply(2, {});
    assert.equal(trial.stream.isDestroyed, true);
    trial.connection.onClose(undefined);
    assert.deepEqual(trial.ends, [`it did not read ${limits.pendingReplyBytes} bytes of answers`]);
  });

  test('still leave while the connection is ending, and not after it is closed', () => {
    const trial = Trial.greeted();
    trial.connection.end('test');
    trial.connection.reply(1, {});
    assert.equal(trial.stream.frames.length, 1);
    trial.connection.onClose(undefined);
    trial.connection.reply(2, {});
    assert.equal(trial.stream.frames.length, 1);
  });
});

describe('Connection: its end', () => {
  test('is told once with its reason, and resolves `ended`', async () => {
    const trial = Trial.greeted();
    trial.connection.end('the daemon is going away');
    trial.connection.end('again');
    trial.connection.refuse(new DaybookError('timeout', 'again'));
    trial.connection.onClose(undefined);
    await trial.connection.ended;
    assert.deepEqual(trial.ends, ['the daemon is going away']);
    assert.deepEqual(trial.stream.frames, []);
  });

  test('names the error of the socket, or the client', () => {
    const failed = Trial.greeted();
    failed.connection.onClose(new Error('read ECONNRESET'));
    assert.deepEqual(failed.ends, ['read ECONNRESET']);
    const left = Trial.greeted();
    left.connection.onClose(undefined);
    assert.deepEqual(left.ends, ['closed by the client']);
  });

  test('stops every timer', () => {
    for (const prepare of [
      () => new Trial(),
      () => {
        const trial = Trial.greeted();
        trial.connection.onData(Buffer.from([0]));
        return trial;
      },
    ]) {
      const trial = prepare();
      trial.connection.onClose(undefined);
      mock.timers.tick(10 * limits.frameTimeoutMs);
      assert.equal(trial.refusal, undefined);
    }
  });

  test('reads on, so that a client that still sends can be told and let go', () => {
    const trial = Trial.greeted();
    trial.connection.pause('ingest');
    assert.equal(trial.stream.isPaused, true);
    trial.connection.end('test');
    assert.equal(trial.stream.isPaused, false);
    trial.connection.onData(frame('status', 1));
    assert.deepEqual(trial.frames, []);
  });

  test('of bytes that are taken is passed on', () => {
    const trial = Trial.greeted();
    trial.connection.onDrain();
    assert.equal(trial.drains, 1);
  });
});
