import * as fc from 'fast-check';
import { encode } from '../../shared/codec.ts';
import { encodeFrame } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';
import { finalAnswers } from './answers.ts';
import { type Expectation, expectationOf } from './expectation.ts';
import { chunkings, chunksOf, hostileStreams } from './hostile-stream.ts';
import { readStream } from './reference-frames.ts';
import { WatchedConnection } from './watched-connection.ts';

/** What a hostile client sends, and when it leaves: once it has its answers, when it has sent all, or at once. */
export interface Attack {
  stream: Buffer;
  chunking: number[];
  leaves: 'answered' | 'early' | 'at once';
}

/** A few at a time, most of them by clients that wait for what they are told. */
export const attacks: fc.Arbitrary<Attack[]> = fc.array(
  fc.record({
    stream: hostileStreams,
    chunking: chunkings,
    leaves: fc.constantFrom('answered', 'answered', 'answered', 'answered', 'early', 'at once'),
  }),
  { minLength: 1, maxLength: 3 },
);

/** An attack with what must come of it. */
export interface PlannedAttack extends Attack {
  expectation: Expectation;
}

/**
 * Whoever waits for answers leaves no frame unfinished and asks a question last, which shows whether the connection is of
 * use still. Where finishing the frame would take much, he leaves early instead.
 */
export function planned({ stream, chunking, leaves }: Attack): PlannedAttack {
  const finished = leaves === 'answered' ? finishedStream(stream) : undefined;
  const sent = finished === undefined ? stream : Buffer.concat([finished, lastQuestion]);
  const expectation = expectationOf(readStream(sent, limits.frameBytes));
  return { stream: sent, chunking, leaves: leaves === 'answered' && !finished ? 'early' : leaves, expectation };
}

const lastQuestion = encodeFrame('status', 4_000_000_000, encode({}));
const MAX_FILL_BYTES = 64 * 1024;

function finishedStream(stream: Buffer): Buffer | undefined {
  const { bad, restBytes, missingBytes } = readStream(stream, limits.frameBytes);
  if (bad !== undefined || restBytes === 0) return stream;
  if (missingBytes > MAX_FILL_BYTES) return undefined;
  return finishedStream(Buffer.concat([stream, Buffer.alloc(missingBytes > 0 ? missingBytes : 4 - restBytes)]));
}

/**
 * The connection that the attack was made on: it has its answers, or has ended.
 * @throws when neither comes of it in time
 */
export async function carriedOut(
  { stream, chunking, leaves, expectation }: PlannedAttack,
  socketPath: string,
  patienceMs: number,
): Promise<WatchedConnection> {
  const connection = await WatchedConnection.open(socketPath);
  await connection.send(chunksOf(stream, chunking));
  if (leaves === 'early') connection.end();
  if (leaves === 'at once') connection.destroy();
  const { answers } = connection;
  const isAnswered = () => finalAnswers(answers).length >= expectation.requests.length;
  if (leaves !== 'answered' || expectation.end !== undefined) {
    await connection.until(
      () => 'the end of a connection',
      () => connection.isClosed,
      patienceMs,
    );
  } else {
    const what = () => `answers to ${names(expectation.requests)}, but ${names(answers)}`;
    await connection.until(what, () => connection.isClosed || isAnswered(), patienceMs);
  }
  return connection;
}

function names(frames: readonly { kind: string; requestId: number }[]): string {
  return frames.map(({ kind, requestId }) => `${kind} ${requestId}`).join(', ');
}
