import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { limits } from '../../shared/limits.ts';
import { chunkings, chunksOf, hostileStreams } from './hostile-stream.ts';
import { type PlainStream, readStream } from './reference-frames.ts';

export type FrameModule = Pick<typeof import('../../shared/frame.ts'), 'FrameDecoder'>;

interface Trial {
  stream: Buffer;
  chunking: number[];
  /** Against the longest frame of the stream; undefined: the limit of the protocol. */
  limitOffset: -1 | 0 | 1 | undefined;
}

const trials: fc.Arbitrary<Trial> = fc.record({
  stream: hostileStreams,
  chunking: chunkings,
  limitOffset: fc.constantFrom(undefined, undefined, -1, 0, 1),
});

/**
 * Whatever the bytes and however they arrive: after each chunk there are exactly the frames that are whole by then, the
 * decoder says how much it holds, and that is never more than one frame. It throws nothing but BadFrame, for the reason
 * that the protocol has, at the chunk that brings the bytes that are bad. A frame's bytes stay what they were.
 */
export function decoderProperty({ FrameDecoder }: FrameModule): fc.IProperty<[Trial]> {
  return fc.property(trials, ({ stream, chunking, limitOffset }) => {
    const maxFrameBytes = limitOffset === undefined ? limits.frameBytes : longestFrameBytes(stream) + limitOffset;
    const decoder = new FrameDecoder(maxFrameBytes);
    const frames: PlainStream['frames'] = [];
    let arrivedBytes = 0;
    for (const chunk of chunksOf(stream, chunking)) {
      arrivedBytes += chunk.length;
      const expected = readStream(stream.subarray(0, arrivedBytes), maxFrameBytes);
      let bad: unknown;
      try {
        for (const frame of decoder.push(chunk)) frames.push(frame);
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'BadFrame') throw error;
        bad = 'reason' in error ? error.reason : error;
      }
      assert.equal(bad, expected.bad, `after ${arrivedBytes} bytes`);
      assert.deepEqual(frames, expected.frames, `after ${arrivedBytes} bytes`);
      if (bad !== undefined) return;
      assert.equal(decoder.pendingBytes, expected.restBytes, `after ${arrivedBytes} bytes`);
      assert.ok(decoder.pendingBytes < maxFrameBytes + 4);
    }
  });
}

/** What the longest whole frame of a stream says its length is, or 1. */
function longestFrameBytes(stream: Buffer): number {
  let longest = 1;
  for (let at = 0; at + 4 <= stream.length; ) {
    const length = stream.readUInt32BE(at);
    at += 4 + length;
    if (at <= stream.length) longest = Math.max(longest, length);
  }
  return longest;
}
