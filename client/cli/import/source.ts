import { createReadStream, statSync } from 'node:fs';

/** A file, or standard input, as bytes. */
export interface Source {
  /** What to call it. */
  readonly name: string;
  /** Undefined for standard input. */
  readonly file: string | undefined;
  /** Reads it from its beginning; standard input can be read once. */
  bytes(): AsyncIterable<Buffer>;
  /** How much of it was read, as ` (12 %)`; nothing when its size is not known. */
  share(): string;
}

const CHUNK_BYTES = 256 * 1024;

/** @param file `-` for standard input @throws when there is no such file: at once, before anything is read */
export function openSource(file: string): Source {
  if (file === '-') {
    return { name: 'standard input', file: undefined, bytes: () => process.stdin, share: () => '' };
  }
  const stats = statSync(file);
  if (stats.isDirectory()) throw new Error(`${file} is a directory`);
  let readBytes = 0;
  return {
    name: file,
    file,
    async *bytes() {
      readBytes = 0;
      for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
        readBytes += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
    },
    // A pipe has no size.
    share: () => (stats.isFile() ? ` (${Math.round((100 * readBytes) / Math.max(stats.size, 1))} %)` : ''),
  };
}
