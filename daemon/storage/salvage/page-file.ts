import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isPageSize, type LogFrames, readLogFrames } from './log-frames.ts';
import { parseTreePage } from './tree-page.ts';

/** What `openWriter` makes. */
const DEFAULT_PAGE_BYTES = 4_096;
const MAGIC = 'SQLite format 3\0';
/** Pages that decide between two page sizes. */
const SAMPLE_PAGES = 256;

/**
 * The pages of a database, as its file and its log hold them, damaged or not. SQLite has no part in it, so no damage
 * keeps one page from being read because of another.
 */
export class PageFile {
  readonly pageBytes: number;
  readonly pageCount: number;
  readonly #file: number;
  readonly #fileBytes: number;
  readonly #log: number | undefined;
  readonly #logOffsets: ReadonlyMap<number, number>;
  readonly #frames: LogFrames | undefined;

  private constructor(file: number, log: number | undefined, frames: LogFrames | undefined, isLate: boolean) {
    this.#file = file;
    this.#fileBytes = fstatSync(file).size;
    this.#log = log;
    this.#frames = frames;
    this.pageBytes = pageBytesOf(file, this.#fileBytes, frames);
    const usable = frames?.pageBytes === this.pageBytes ? frames : undefined;
    this.#logOffsets = new Map([...(usable?.committed ?? []), ...(isLate ? (usable?.late ?? []) : [])]);
    const pagesOfFile = Math.ceil(this.#fileBytes / this.pageBytes);
    const committed = usable?.pageCount || pagesOfFile;
    this.pageCount = isLate ? [...this.#logOffsets.keys()].reduce((a, b) => Math.max(a, b), committed) : committed;
  }

  /** Opens a database and the `-wal` beside it, if there is one. */
  static open(path: string): PageFile {
    const frames = readLogFrames(`${path}-wal`);
    return new PageFile(openSync(path, 'r'), frames && openSync(`${path}-wal`, 'r'), frames, false);
  }

  /** The same with what stands in the log behind a damaged frame, and the numbers of those pages. */
  late(): { file: PageFile; pages: number[] } {
    const pages = this.#frames?.pageBytes === this.pageBytes ? [...this.#frames.late.keys()] : [];
    return { file: new PageFile(this.#file, this.#log, this.#frames, true), pages };
  }

  /** A page, of zeros where nothing can be read; undefined when the database has no such page. */
  page(pageNumber: number): Buffer | undefined {
    if (pageNumber < 1 || pageNumber > this.pageCount) return undefined;
    const bytes = Buffer.alloc(this.pageBytes);
    const logOffset = this.#logOffsets.get(pageNumber);
    if (logOffset !== undefined && this.#log !== undefined) readInto(bytes, this.#log, logOffset);
    else readInto(bytes, this.#file, (pageNumber - 1) * this.pageBytes);
    return bytes;
  }

  /** The header of the file; undefined when it does not begin as it must. */
  header(): { userVersion: number; firstFreePage: number } | undefined {
    const bytes = this.page(1);
    if (bytes?.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
    return { userVersion: bytes.readUInt32BE(60), firstFreePage: bytes.readUInt32BE(32) };
  }

  close(): void {
    closeSync(this.#file);
    if (this.#log !== undefined) closeSync(this.#log);
  }
}

/** The header says it, and so does the log; one that is damaged says anything. */
function pageBytesOf(file: number, fileBytes: number, frames: LogFrames | undefined): number {
  const header = Buffer.alloc(18);
  readInto(header, file, 0);
  const told = [header.readUInt16BE(16), frames?.pageBytes ?? 0, DEFAULT_PAGE_BYTES];
  const sizes = [...new Set(told.map((bytes) => (bytes === 1 ? 65_536 : bytes)).filter(isPageSize))];
  if (sizes.length === 1) return DEFAULT_PAGE_BYTES;
  const fits = new Map(sizes.map((bytes) => [bytes, treePages(file, fileBytes, bytes) * bytes]));
  const best = Math.max(...fits.values());
  // A page that begins where a larger one would looks like that one, too; a part of a larger one looks like nothing.
  const smallestFirst = sizes.toSorted((a, b) => a - b);
  return smallestFirst.find((bytes) => 2 * (fits.get(bytes) ?? 0) > best) ?? DEFAULT_PAGE_BYTES;
}

/** How many of the first pages look like ones of a tree, if pages have this size. */
function treePages(file: number, fileBytes: number, pageBytes: number): number {
  const sample = Math.min((SAMPLE_PAGES * DEFAULT_PAGE_BYTES) / pageBytes, fileBytes / pageBytes);
  const bytes = Buffer.alloc(pageBytes);
  let found = 0;
  for (let index = 0; index < sample; index += 1) {
    readInto(bytes, file, index * pageBytes);
    const page = parseTreePage(bytes, index + 1);
    if (page !== undefined && page.isSound && page.cells.length > 0) found += 1;
  }
  return found;
}

/** What cannot be read stays as it is. */
function readInto(bytes: Buffer, file: number, offset: number): void {
  try {
    readSync(file, bytes, 0, bytes.length, offset);
  } catch (error) {
    // A bad sector is one more damaged page.
    if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error;
  }
}
