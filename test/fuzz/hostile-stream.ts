/** What a hostile client sends: requests that are whole, requests damaged inside a sound frame, and a damaged stream. */
import * as fc from 'fast-check';
import { encode } from '../../shared/codec.ts';
import { limits } from '../../shared/limits.ts';
import { invalidVectors } from '../shared/vectors.ts';
import { type Mutation, mutated, mutations } from './mutation.ts';
import { type SeedRequest, seedRequests } from './seeds.ts';
import { shownAsHex } from './shown-as-hex.ts';
import { mutatedValue, type ValueMutation, valueMutations } from './value-mutation.ts';

interface FramePlan {
  request: SeedRequest;
  /** To the body; the frame stays sound. */
  valueChanges: ValueMutation[];
  bodyChanges: Mutation[];
  /** How many bytes the request id takes behind its tag. */
  idBytes: 0 | 1 | 2 | 4;
  /** What the length says instead of the truth: so many bytes more, or this. */
  lie: { by: number } | { length: number } | undefined;
}

/** One in `outOf` times `value`, otherwise `usual`. */
function rarely<Value>(outOf: number, value: fc.Arbitrary<Value>, usual: NoInfer<Value>): fc.Arbitrary<Value> {
  return fc.oneof({ weight: outOf - 1, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: value });
}

const someMutations = fc.array(mutations, { minLength: 1, maxLength: 3 });
const someValueMutations = fc.array(valueMutations, { minLength: 1, maxLength: 2 });

const lies = fc.oneof(
  fc.record({ by: fc.constantFrom(-5, -1, 1, 2, 100, 256) }),
  fc.record({ length: fc.constantFrom(0, 1, 3, limits.frameBytes, limits.frameBytes + 1, 2 ** 31, 2 ** 32 - 1) }),
);

const framePlans: fc.Arbitrary<FramePlan> = fc.record({
  request: fc.constantFrom(...seedRequests),
  valueChanges: rarely(3, someValueMutations, []),
  bodyChanges: rarely(3, someMutations, []),
  idBytes: fc.constantFrom(0, 1, 2, 4),
  lie: rarely<FramePlan['lie']>(20, lies, undefined),
});

/** Whole streams. The hello has the request id 0, what follows 1, 2, 3 …; one in ten has no hello or a damaged one. */
export const hostileStreams: fc.Arbitrary<Buffer> = fc
  .record({
    isGreeting: rarely(20, fc.constant<boolean>(false), true),
    helloValueChanges: rarely(30, someValueMutations, []),
    helloBodyChanges: rarely(30, someMutations, []),
    frames: fc.array(framePlans, { maxLength: 6 }),
    streamChanges: rarely(3, someMutations, []),
    end: rarely(20, fc.constantFrom(...invalidVectors.map(({ hex }) => Buffer.from(hex, 'hex'))), Buffer.alloc(0)),
  })
  .map(({ isGreeting, helloValueChanges, helloBodyChanges, frames, streamChanges, end }) => {
    const changes = { valueChanges: helloValueChanges, bodyChanges: helloBodyChanges };
    const hello: FramePlan = { request: helloRequest, ...changes, idBytes: 0, lie: undefined };
    const stream = Buffer.concat([
      isGreeting ? frameOf(0, hello) : Buffer.alloc(0),
      mutated(Buffer.concat(frames.map((plan, index) => frameOf(index + 1, plan))), streamChanges),
      end,
    ]);
    return shownAsHex(stream);
  });

const helloRequest: SeedRequest = {
  kind: 'hello',
  body: encode({ protocol: { min: 1, max: 1 }, client: { name: 'hostile', pid: 1 } }),
};

function frameOf(requestId: number, { request, valueChanges, bodyChanges, idBytes, lie }: FramePlan): Buffer {
  const kind = Buffer.from(request.kind, 'latin1');
  const header = Buffer.concat([Buffer.from([0x92, 0xa0 + kind.length]), kind, idOf(requestId, idBytes)]);
  const content = Buffer.concat([header, mutated(mutatedValue(request.body, valueChanges), bodyChanges)]);
  const stated = lie === undefined ? content.length : 'by' in lie ? content.length + lie.by : lie.length;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(Math.max(0, stated));
  return Buffer.concat([length, content]);
}

function idOf(requestId: number, idBytes: FramePlan['idBytes']): Buffer {
  if (idBytes === 0) return Buffer.from([requestId]);
  const bytes = Buffer.alloc(1 + idBytes, { 1: 0xcc, 2: 0xcd, 4: 0xce }[idBytes]);
  bytes.writeUIntBE(requestId, 1, idBytes);
  return bytes;
}

/** How a stream arrives: the sizes of its chunks, in turn. */
export const chunkings: fc.Arbitrary<number[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 9 }) },
    { weight: 2, arbitrary: fc.integer({ min: 10, max: 400 }) },
    { weight: 1, arbitrary: fc.constant(100_000) },
  ),
  { minLength: 1, maxLength: 8 },
);

/** The chunks of a stream, each with memory of its own, as a socket hands them over. */
export function* chunksOf(stream: Buffer, chunking: readonly number[]): Generator<Buffer, void, undefined> {
  let turn = 0;
  for (let start = 0; start < stream.length; turn += 1) {
    const end = start + (chunking[turn % chunking.length] ?? 1);
    yield Buffer.from(new Uint8Array(stream.subarray(start, end)).buffer);
    start = end;
  }
}
