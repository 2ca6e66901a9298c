/** Fuzzing that finds nothing has to show that it would: each of these decoders must be caught. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { seed } from '../harness/property.ts';
import { decoderProperty, type FrameModule } from './decoder-property.ts';
import { importWith } from './mutant.ts';
import { canaryRuns } from './runs.ts';

const faults: [fault: string, from: string, to: string][] = [
  ['a length is one too short', 'const length = this.#takeLength();', 'const length = this.#takeLength() - 1;'],
  ['a length is read from the wrong end', 'first.readUInt32BE(', 'first.readUInt32LE('],
  [
    'a length in pieces is read from the wrong end',
    'this.#take(LENGTH_BYTES).readUInt32BE(0)',
    'this.#take(LENGTH_BYTES).readUInt32LE(0)',
  ],
  ['the limit is not checked', 'if (length > this.#maxFrameBytes)', 'if (length < 0)'],
  ['the limit is one too low', 'if (length > this.#maxFrameBytes)', 'if (length >= this.#maxFrameBytes)'],
  ['the limit is one too high', 'if (length > this.#maxFrameBytes)', 'if (length > this.#maxFrameBytes + 1)'],
  [
    'the rest of a chunk is dropped when a frame ends in it',
    'if (this.#taken === chunk.length) {',
    'if (this.#taken > 0) {',
  ],
  [
    'small chunks are put together in the wrong order',
    'Buffer.concat([unread, merged])',
    'Buffer.concat([merged, unread])',
  ],
  [
    'what was taken of a small chunk comes again',
    'this.#chunks.length === 1 ? previous.subarray(this.#taken) : previous',
    'previous',
  ],
  ['bytes taken out are still counted', 'this.#bufferedBytes -= count;', ''],
  ['the body begins one byte late', 'body: content.subarray(position)', 'body: content.subarray(position + 1)'],
  ['the kind is one letter short', "'latin1', 2, 2 + kindBytes)", "'latin1', 2, 1 + kindBytes)"],
  ['a request id of two bytes is read as one', 'idTag === 0xcd ? 2', 'idTag === 0xcd ? 1'],
  ['a frame need not have a body', 'if (position === content.length) throw', 'if (position > content.length) throw'],
];

describe('a decoder with a fault is caught', () => {
  for (const [fault, from, to] of faults) {
    test(fault, async (t) => {
      t.diagnostic(`DAYBOOK_TEST_SEED=${seed}`);
      const mutant = (await importWith({ fault, file: 'shared/frame.ts', from, to }, 'shared/frame.ts')) as FrameModule;
      const found = fc.check(decoderProperty(mutant), { seed, numRuns: canaryRuns.decoder, endOnFailure: true });
      assert.ok(found.failed, `nothing noticed in ${found.numRuns} runs`);
      t.diagnostic(`caught after ${found.numRuns} runs`);
    });
  }
});
