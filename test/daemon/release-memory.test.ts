import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { releaseMemory } from '../../daemon/release-memory.ts';
import { encodeFrame, FrameDecoder } from '../../shared/frame.ts';

const KIB = 1024;

describe('releaseMemory', () => {
  test('takes all memory behind a view at once, and a second time does nothing', () => {
    const memory = new ArrayBuffer(64 * KIB);
    const view = Buffer.from(memory, 10, 20);
    releaseMemory(view);
    assert.deepEqual([memory.detached, memory.byteLength, view.length], [true, 0, 0]);
    releaseMemory(view);
  });

  test('leaves alone what Node shares out to small buffers', () => {
    const one = Buffer.from('one');
    const other = Buffer.from('other');
    assert.equal(one.buffer, other.buffer);
    releaseMemory(one);
    assert.equal(other.toString(), 'other');
  });
});

describe('FrameDecoder with memory that is released', () => {
  for (const chunkBytes of [7, 16 * KIB, 40 * KIB, 64 * KIB, 1_000 * KIB]) {
    test(`frames are whole while they are looked at, in chunks of ${chunkBytes} bytes, and nothing is kept after`, () => {
      const bodies = [1, 100, 20 * KIB, 3, 200 * KIB, 64 * KIB, 5, 30 * KIB].map((bytes, index) =>
        Buffer.alloc(bytes, index + 1),
      );
      const stream = Buffer.concat(bodies.map((body, index) => encodeFrame('kind', index, body)));
      const memories: ArrayBuffer[] = [];
      const decoder = new FrameDecoder(1_000 * KIB, releaseMemory);
      const seen: number[] = [];
      for (let start = 0; start < stream.length; start += chunkBytes) {
        const own = new Uint8Array(stream.subarray(start, start + chunkBytes));
        memories.push(own.buffer);
        for (const { requestId, body } of decoder.push(Buffer.from(own.buffer))) {
          seen.push(requestId);
          assert.ok(body.equals(bodies[requestId] ?? Buffer.of()), `frame ${requestId}`);
        }
      }
      assert.deepEqual(seen, [...bodies.keys()]);
      const kept = memories.filter((memory) => memory.byteLength >= 16 * KIB);
      assert.deepEqual(kept, []);
    });
  }
});
