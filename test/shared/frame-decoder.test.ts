import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { BadFrame, encodeFrame, FrameDecoder } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';
import { checkProperty } from '../harness/property.ts';
import { validVectors } from './vectors.ts';

interface Told {
  kind: string;
  requestId: number;
  body: string;
}

/** What the frames that come out of these chunks say, read as they come. */
function decodeChunks(decoder: FrameDecoder, chunks: Iterable<Buffer>): Told[] {
  const told: Told[] = [];
  for (const chunk of chunks) {
    for (const { kind, requestId, body } of decoder.push(chunk)) {
      told.push({ kind, requestId, body: body.toString('hex') });
    }
  }
  return told;
}

function* chunksOf(bytes: Buffer, size: number): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

/** A copy with memory of its own, as a socket hands it over. */
function ownCopy(bytes: Buffer): Buffer {
  return Buffer.from(new Uint8Array(bytes).buffer);
}

const bodies = ['80', '81a16101', 'c0', '9f000102030405060708090a0b0c0d0e', '01'];
const stream = Buffer.concat(bodies.map((body, index) => encodeFrame('kind', index, Buffer.from(body, 'hex'))));
const expected: Told[] = bodies.map((body, index) => ({ kind: 'kind', requestId: index, body }));
const MAX_BYTES = 1_000;

describe('FrameDecoder, whatever the chunks', () => {
  test('a stream in one piece', () => {
    assert.deepEqual(decodeChunks(new FrameDecoder(MAX_BYTES), [stream]), expected);
  });

  test('a stream one byte at a time', () => {
    const decoder = new FrameDecoder(MAX_BYTES);
    assert.deepEqual(decodeChunks(decoder, chunksOf(stream, 1)), expected);
    assert.equal(decoder.pendingBytes, 0);
  });

  test('every way to cut a stream into two and into three', () => {
    for (let first = 0; first <= stream.length; first += 1) {
      for (let second = first; second <= stream.length; second += 1) {
        const chunks = [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)];
        assert.deepEqual(decodeChunks(new FrameDecoder(MAX_BYTES), chunks), expected, `cut at ${first} and ${second}`);
      }
    }
  });

  test('all conformance frames in one stream, cut at random', async (t) => {
    const whole = Buffer.concat(validVectors.map(({ hex }) => Buffer.from(hex, 'hex')));
    const names = validVectors.map(({ kind, requestId }) => ({ kind, requestId }));
    await checkProperty(
      t,
      fc.property(fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 50 }), (sizes) => {
        const chunks: Buffer[] = [];
        for (let start = 0, turn = 0; start < whole.length; turn += 1) {
          const size = sizes[turn % sizes.length] ?? 1;
          chunks.push(ownCopy(whole.subarray(start, start + size)));
          start += size;
        }
        const told = decodeChunks(new FrameDecoder(MAX_BYTES), chunks);
        assert.deepEqual(
          told.map(({ kind, requestId }) => ({ kind, requestId })),
          names,
        );
      }),
      200,
    );
  });

  test('frames of random sizes in random chunks, small and large', async (t) => {
    const sizes = fc.oneof(fc.nat(20), fc.nat(3_000), fc.integer({ min: 16_000, max: 40_000 }));
    await checkProperty(
      t,
      fc.property(
        fc.array(sizes, { minLength: 1, maxLength: 8 }),
        fc.array(sizes, { minLength: 1, maxLength: 20 }),
        (frameSizes, chunkSizes) => {
          const frames = frameSizes.map((size, index) => encodeFrame('k', index, Buffer.alloc(size + 1, index + 1)));
          const whole = Buffer.concat(frames);
          const decoder = new FrameDecoder(50_000);
          const told: Told[] = [];
          for (let start = 0, turn = 0; start < whole.length; turn += 1) {
            const size = (chunkSizes[turn % chunkSizes.length] ?? 0) + 1;
            told.push(...decodeChunks(decoder, [ownCopy(whole.subarray(start, start + size))]));
            start += size;
          }
          const wanted = frameSizes.map((size, index) => ({
            kind: 'k',
            requestId: index,
            body: Buffer.alloc(size + 1, index + 1).toString('hex'),
          }));
          assert.deepEqual(told, wanted);
          assert.equal(decoder.pendingBytes, 0);
        },
      ),
      150,
    );
  });

  test('frames come out before an error that is behind them, and the error comes once its bytes are there', () => {
    const decoder = new FrameDecoder(MAX_BYTES);
    const told: number[] = [];
    assert.throws(
      () => {
        for (const { requestId } of decoder.push(Buffer.concat([stream, Buffer.alloc(4)]))) told.push(requestId);
      },
      { name: 'BadFrame', reason: 'frame_empty' },
    );
    assert.deepEqual(told, [0, 1, 2, 3, 4]);
  });
});

describe('FrameDecoder, pendingBytes', () => {
  test('counts every byte of an unfinished frame, its length included', () => {
    const decoder = new FrameDecoder(MAX_BYTES);
    const frame = encodeFrame('kind', 1, Buffer.from([0x80]));
    for (let count = 1; count < frame.length; count += 1) {
      assert.deepEqual(decodeChunks(decoder, [frame.subarray(count - 1, count)]), []);
      assert.equal(decoder.pendingBytes, count);
    }
    assert.equal(decodeChunks(decoder, [frame.subarray(frame.length - 1)]).length, 1);
    assert.equal(decoder.pendingBytes, 0);
  });
});

describe('FrameDecoder, the limit', () => {
  /** A frame whose content has exactly this many bytes. */
  const frameOf = (contentBytes: number) => encodeFrame('k', 1, Buffer.alloc(contentBytes - 8, 0xc0));

  for (const limit of [20, limits.frameBytes]) {
    test(`of ${limit} bytes: one less and exactly that many are taken, one more is not`, () => {
      for (const contentBytes of [limit - 1, limit]) {
        const [frame] = [...new FrameDecoder(limit).push(frameOf(contentBytes))];
        assert.equal(frame?.body.length, contentBytes - 8);
      }
      assert.throws(() => [...new FrameDecoder(limit).push(frameOf(limit + 1))], { reason: 'frame_too_large' });
    });
  }

  test('is checked as soon as the four bytes are there, and not before', () => {
    for (const length of [21, 0x0080_0001, 0xffff_ffff]) {
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32BE(length);
      const decoder = new FrameDecoder(20);
      assert.deepEqual(decodeChunks(decoder, chunksOf(prefix.subarray(0, 3), 1)), []);
      assert.throws(
        () => decodeChunks(decoder, [prefix.subarray(3)]),
        (error) => {
          assert.ok(error instanceof BadFrame);
          assert.equal(error.reason, 'frame_too_large');
          assert.match(error.message, new RegExp(`${length} bytes.*limit of 20`));
          return true;
        },
      );
    }
  });
});

describe('FrameDecoder, the largest frame in small chunks', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const heldBytes = () => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const CHECK_EVERY_CHUNKS = 2 ** 20;

  for (const [chunkBytes, frameBytes] of [
    // As many chunks as the largest frame has with the next size.
    [1, limits.frameBytes / 7],
    [7, limits.frameBytes],
    [1_000, limits.frameBytes],
    [65_536, limits.frameBytes],
  ].map((sizes) => sizes.map(Math.floor) as [number, number])) {
    test(`${frameBytes} bytes, ${chunkBytes} at a time, cost memory and time in proportion`, () => {
      const body = Buffer.alloc(frameBytes - 8);
      for (let position = 0; position < body.length; position += 4_093) body[position] = position & 0xff;
      const frame = encodeFrame('k', 1, body);
      const decoder = new FrameDecoder(frameBytes);
      const found: Buffer[] = [];
      const heldBefore = heldBytes();
      const endMs = performance.now() + 60_000;
      let chunks = 0;
      for (const chunk of chunksOf(frame, chunkBytes)) {
        for (const each of decoder.push(chunk)) found.push(each.body);
        chunks += 1;
        // Looked at on the way: a decoder that keeps or copies too much would not get to the end.
        if (chunks % 4_096 === 0) assert.ok(performance.now() < endMs, `${chunks} chunks took over a minute`);
        if (chunks % CHECK_EVERY_CHUNKS === 0) {
          const grownBytes = heldBytes() - heldBefore;
          assert.ok(grownBytes < 4 * limits.frameBytes, `${chunks * chunkBytes} bytes are held in ${grownBytes}`);
        }
      }
      assert.equal(found.length, 1);
      assert.ok(found[0]?.equals(body));
    });
  }
});
