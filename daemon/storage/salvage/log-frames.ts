import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** Which pages a write-ahead log holds: page number to the offset of its newest content in the file. */
export interface LogFrames {
  pageBytes: number;
  /** Pages in the database after the last commit; 0 without any. */
  pageCount: number;
  committed: Map<number, number>;
  /**
   * Pages of commits behind a frame that is damaged, where SQLite stops reading. They may also be older than `committed`:
   * what a log held before a crash, and was half written over since.
   */
  late: Map<number, number>;
}

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC = 0x377f0682;

/**
 * Reads a log as far as its checksums hold, and past that.
 * Format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 */
export function readLogFrames(path: string): LogFrames | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < HEADER_BYTES) return undefined;
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(file, header, 0, HEADER_BYTES, 0);
    const isBigEndian = header.readUInt32BE(0) === MAGIC + 1;
    const pageBytes = header.readUInt32BE(8);
    if (!isBigEndian && header.readUInt32BE(0) !== MAGIC) return undefined;
    if (!isPageSize(pageBytes)) return undefined;
    const frames = new FrameReader(isBigEndian);
    frames.add(header.subarray(0, 24));
    if (!frames.isSum(header, 24)) return undefined;

    const log: LogFrames = { pageBytes, pageCount: 0, committed: new Map(), late: new Map() };
    const frame = Buffer.alloc(FRAME_HEADER_BYTES + pageBytes);
    let isIntact = true;
    let pending: [page: number, offset: number][] = [];
    for (let at = HEADER_BYTES; at + frame.length <= size; at += frame.length) {
      readSync(file, frame, 0, frame.length, at);
      if (frame.compare(header, 16, 24, 8, 16) !== 0) break;
      frames.add(frame.subarray(0, 8));
      frames.add(frame.subarray(FRAME_HEADER_BYTES));
      if (!frames.isSum(frame, 16)) {
        if (isIntact) pending = [];
        isIntact = false;
        // The sums go on from the one that stands there: later frames can still be told to be whole.
        frames.continueFrom(frame, 16);
        continue;
      }
      pending.push([frame.readUInt32BE(0), at + FRAME_HEADER_BYTES]);
      const pageCount = frame.readUInt32BE(4);
      if (pageCount === 0) continue;
      for (const [page, offset] of pending) (isIntact ? log.committed : log.late).set(page, offset);
      if (isIntact) log.pageCount = pageCount;
      pending = [];
    }
    return log;
  } finally {
    closeSync(file);
  }
}

export function isPageSize(bytes: number): boolean {
  return bytes >= 512 && bytes <= 65_536 && (bytes & (bytes - 1)) === 0;
}

/** The running sum over header and frames of a log. */
class FrameReader {
  readonly #isBigEndian: boolean;
  #first = 0;
  #second = 0;

  constructor(isBigEndian: boolean) {
    this.#isBigEndian = isBigEndian;
  }

  add(bytes: Buffer): void {
    let first = this.#first;
    let second = this.#second;
    const isBigEndian = this.#isBigEndian;
    for (let at = 0; at < bytes.length; at += 8) {
      first = (first + (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + second) >>> 0;
      second = (second + (isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + first) >>> 0;
    }
    this.#first = first;
    this.#second = second;
  }

  isSum(bytes: Buffer, at: number): boolean {
    return bytes.readUInt32BE(at) === this.#first && bytes.readUInt32BE(at + 4) === this.#second;
  }

  continueFrom(bytes: Buffer, at: number): void {
    this.#first = bytes.readUInt32BE(at);
    this.#second = bytes.readUInt32BE(at + 4);
  }
}
