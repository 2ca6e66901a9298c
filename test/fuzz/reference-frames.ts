/** Frames as PROTOCOL.md describes them, read at leisure from a whole stream. Shares no code with the decoder. */
import type { BadFrameReason } from '../../shared/frame.ts';

export interface PlainFrame {
  kind: string;
  requestId: number;
  body: Buffer;
}

export interface PlainStream {
  /** Whole frames, in order. */
  frames: PlainFrame[];
  /** What ends the stream, behind the frames; undefined when nothing does. */
  bad: BadFrameReason | undefined;
  /** Bytes of the frame that the stream breaks off in, its length included. */
  restBytes: number;
  /** Bytes that would complete it; 0 when it breaks off between frames, or inside a length. */
  missingBytes: number;
}

export function readStream(bytes: Buffer, maxFrameBytes: number): PlainStream {
  const frames: PlainFrame[] = [];
  let at = 0;
  for (;;) {
    const restBytes = bytes.length - at;
    if (restBytes < 4) return { frames, bad: undefined, restBytes, missingBytes: 0 };
    const contentBytes = unsigned(bytes.subarray(at, at + 4));
    if (contentBytes > maxFrameBytes) return { frames, bad: 'frame_too_large', restBytes, missingBytes: 0 };
    const missingBytes = contentBytes + 4 - restBytes;
    if (missingBytes > 0) return { frames, bad: undefined, restBytes, missingBytes };
    const frame = readContent(bytes.subarray(at + 4, at + 4 + contentBytes));
    if (typeof frame === 'string') return { frames, bad: frame, restBytes, missingBytes: 0 };
    frames.push(frame);
    at += 4 + contentBytes;
  }
}

function readContent(content: Buffer): PlainFrame | BadFrameReason {
  if (content.length === 0) return 'frame_empty';
  const [array, kindTag = 0] = content;
  if (array !== 0x92 || kindTag < 0xa1 || kindTag > 0xbf) return 'bad_header';
  const idAt = 2 + kindTag - 0xa0;
  const idTag = content[idAt];
  const id = idTag === undefined ? undefined : content.subarray(idAt + 1, idAt + 1 + (ID_BYTES.get(idTag) ?? 0));
  if (idTag === undefined || id === undefined) return 'bad_header';
  if (idTag >= 0x80 && (!ID_BYTES.has(idTag) || id.length < (ID_BYTES.get(idTag) ?? 0))) return 'bad_header';
  const body = content.subarray(idAt + 1 + id.length);
  if (body.length === 0) return 'no_body';
  const kind = String.fromCharCode(...content.subarray(2, idAt));
  return { kind, requestId: id.length === 0 ? idTag : unsigned(id), body };
}

const ID_BYTES = new Map([
  [0xcc, 1],
  [0xcd, 2],
  [0xce, 4],
]);

function unsigned(bigEndian: Buffer): number {
  return bigEndian.reduce((sum, byte) => sum * 256 + byte, 0);
}
