/**
 * Frames: a `u32` big-endian length, then a header and a body back to back. The header is the msgpack array
 * `[kind, requestId]`; the body is one msgpack value that this file never looks into. Pure: bytes in, frames out.
 * Normative text: PROTOCOL.md, "Frames".
 */

export interface Frame {
  kind: string;
  requestId: number;
  /** msgpack bytes of the body. A view of the received bytes: copy it to keep it. */
  body: Buffer;
}

/** Why bytes are not a frame. A closed set. */
export type BadFrameReason = 'frame_too_large' | 'frame_empty' | 'bad_header' | 'no_body';

export class BadFrame extends Error {
  override readonly name = 'BadFrame';
  readonly reason: BadFrameReason;

  constructor(reason: BadFrameReason, message: string) {
    super(message);
    this.reason = reason;
  }
}

const LENGTH_BYTES = 4;
const MERGE_BELOW_BYTES = 16 * 1024;
/** A write of one piece takes less than one of two. */
const COPY_BELOW_BYTES = 4 * 1024;
const MAX_REQUEST_ID = 0xffff_ffff;

/** The bytes of one frame. `kind` is ASCII, 1..31 bytes; `requestId` is 0..2^32-1. */
export function encodeFrame(kind: string, requestId: number, body: Uint8Array): Buffer {
  return frameOf(kind, requestId, body.length, [body]);
}

/** The same for a body in two pieces, as bytes to be written one behind the other: a long second piece is not copied. */
export function encodeFrameInPieces(
  kind: string,
  requestId: number,
  [head, rest]: readonly [Uint8Array, Uint8Array],
): Uint8Array[] {
  const bytes = head.length + rest.length;
  if (rest.length < COPY_BELOW_BYTES) return [frameOf(kind, requestId, bytes, [head, rest])];
  return [frameOf(kind, requestId, bytes, [head]), rest];
}

function frameOf(kind: string, requestId: number, bodyBytes: number, pieces: readonly Uint8Array[]): Buffer {
  const headerBytes = 1 + 1 + kind.length + 5;
  let at = LENGTH_BYTES + headerBytes;
  let end = at;
  for (const { length } of pieces) end += length;
  const frame = Buffer.allocUnsafe(end);
  frame.writeUInt32BE(headerBytes + bodyBytes, 0);
  frame[4] = 0x92;
  frame[5] = 0xa0 | kind.length;
  frame.write(kind, 6, 'latin1');
  frame[6 + kind.length] = 0xce;
  frame.writeUInt32BE(requestId, 7 + kind.length);
  for (const piece of pieces) {
    frame.set(piece, at);
    at += piece.length;
  }
  return frame;
}

/** Reads the content of one frame (everything after the length). @throws BadFrame */
export function parseFrame(content: Buffer): Frame {
  if (content.length === 0) throw new BadFrame('frame_empty', 'the frame is empty');
  const kindTag = content[1] ?? 0;
  const kindBytes = kindTag & 0x1f;
  if (content[0] !== 0x92 || (kindTag & 0xe0) !== 0xa0 || kindBytes === 0 || content.length < 3 + kindBytes) {
    throw new BadFrame('bad_header', 'the header is not [kind, requestId]');
  }
  const kind = content.toString('latin1', 2, 2 + kindBytes);
  let position = 2 + kindBytes;
  const idTag = content[position] ?? 0xc1;
  position += 1;
  const idBytes = idTag < 0x80 ? 0 : idTag === 0xcc ? 1 : idTag === 0xcd ? 2 : idTag === 0xce ? 4 : -1;
  if (idBytes < 0 || content.length < position + idBytes) {
    throw new BadFrame('bad_header', `the request id is not an unsigned integer up to ${MAX_REQUEST_ID}`);
  }
  const requestId = idBytes === 0 ? idTag : content.readUIntBE(position, idBytes);
  position += idBytes;
  if (position === content.length) throw new BadFrame('no_body', 'the frame has no body');
  return { kind, requestId, body: content.subarray(position) };
}

/**
 * Cuts a byte stream into frames. Push chunks of any size; each complete frame comes out once, in order. A length over
 * the limit is refused when its four bytes are there, before anything is kept. After a throw the decoder is finished:
 * a stream cannot be resynchronised.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  readonly #onSpent: (memory: Buffer) => void;
  #chunks: Buffer[] = [];
  /** Bytes of the first chunk that are taken already. */
  #taken = 0;
  /** Memory in which nothing lies any more but, perhaps, the frame that was given out last. */
  readonly #spent: Buffer[] = [];
  #bufferedBytes = 0;
  /** Content length of the frame being collected; -1 while its length prefix is incomplete. */
  #expectedBytes = -1;

  /** @param onSpent told of memory in which no frame lies any more, neither a coming one nor one that was given out */
  constructor(maxFrameBytes: number, onSpent: (memory: Buffer) => void = () => undefined) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#onSpent = onSpent;
  }

  /** Bytes of an unfinished frame; 0 between frames. */
  get pendingBytes(): number {
    return this.#bufferedBytes + (this.#expectedBytes >= 0 ? LENGTH_BYTES : 0);
  }

  /** The frames that this chunk completes. @throws BadFrame */
  *push(chunk: Buffer): Generator<Frame, void, undefined> {
    this.#keep(chunk);
    this.#releaseSpent();
    for (;;) {
      if (this.#expectedBytes < 0) {
        if (this.#bufferedBytes < LENGTH_BYTES) return;
        const length = this.#takeLength();
        if (length > this.#maxFrameBytes) {
          throw new BadFrame(
            'frame_too_large',
            `a frame of ${length} bytes is over the limit of ${this.#maxFrameBytes}`,
          );
        }
        this.#expectedBytes = length;
      }
      if (this.#bufferedBytes < this.#expectedBytes) return;
      const content = this.#take(this.#expectedBytes);
      this.#expectedBytes = -1;
      yield parseFrame(content);
      this.#releaseSpent();
    }
  }

  #releaseSpent(): void {
    for (const memory of this.#spent) this.#onSpent(memory);
    this.#spent.length = 0;
  }

  /**
   * Small chunks are merged with their small predecessors, so that a frame sent a byte at a time is held in few
   * buffers; large ones are kept as they came and copied at most once.
   */
  #keep(chunk: Buffer): void {
    this.#bufferedBytes += chunk.length;
    let merged = chunk;
    for (;;) {
      const previous = this.#chunks.at(-1);
      if (previous === undefined) break;
      const unread = this.#chunks.length === 1 ? previous.subarray(this.#taken) : previous;
      if (unread.length > merged.length || unread.length > MERGE_BELOW_BYTES) break;
      this.#chunks.pop();
      if (this.#chunks.length === 0) this.#taken = 0;
      this.#spent.push(previous, merged);
      merged = Buffer.concat([unread, merged]);
    }
    this.#chunks.push(merged);
  }

  #takeLength(): number {
    const [first] = this.#chunks;
    // Nearly always it stands in one chunk, with more behind it.
    if (first === undefined || first.length - this.#taken <= LENGTH_BYTES) {
      return this.#take(LENGTH_BYTES).readUInt32BE(0);
    }
    this.#bufferedBytes -= LENGTH_BYTES;
    this.#taken += LENGTH_BYTES;
    return first.readUInt32BE(this.#taken - LENGTH_BYTES);
  }

  /** Removes the first `count` buffered bytes, which are known to be there, without copying when one chunk has them. */
  #take(count: number): Buffer {
    this.#bufferedBytes -= count;
    const parts: Buffer[] = [];
    let missing = count;
    while (missing > 0) {
      const [chunk] = this.#chunks;
      if (chunk === undefined) break;
      const part = chunk.subarray(this.#taken, this.#taken + missing);
      this.#taken += part.length;
      missing -= part.length;
      if (this.#taken === chunk.length) {
        this.#spent.push(chunk);
        this.#chunks.shift();
        this.#taken = 0;
      }
      if (part.length === count) return part;
      parts.push(part);
    }
    const whole = Buffer.concat(parts, count);
    this.#spent.push(whole);
    return whole;
  }
}
