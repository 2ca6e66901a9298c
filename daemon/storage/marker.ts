import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';

/** What the marker of a database remembers of it. */
export interface Marked {
  databaseId: string;
  /** The highest id that was acknowledged. */
  lastId: number;
  /** Something was read that cannot have been written: the next start looks through the whole file. */
  isSuspect: boolean;
  /** Where a damaged database was set aside, until what it held is back. */
  setAside: string | null;
}

/** Digits of an id: every marker of one database has the same length, so that it can be overwritten in place. */
const ID_DIGITS = 16;

/**
 * A small file beside the database that says that there is one, which, and how far it had come. An emptied or replaced
 * database, or a log that was deleted, looks sound to SQLite; the marker knows better.
 *
 * It is written after each commit that adds events and before their receipts, without waiting for the disk: it is right
 * after the end of any process, and after power loss it may be behind, never ahead of what was acknowledged.
 */
export class Marker {
  readonly #file: number;
  #marked: Marked;

  private constructor(path: string, marked: Marked) {
    this.#marked = marked;
    // In place where that fits: a full disk must not keep a daemon from starting.
    const isSameLength = statSync(path, { throwIfNoEntry: false })?.size === Buffer.byteLength(text(marked));
    if (!isSameLength) writeWhole(path, marked);
    this.#file = openSync(path, constants.O_WRONLY);
    if (isSameLength) writeSync(this.#file, text(marked), 0);
  }

  /** What the marker at this path says; undefined without one, and for one that cannot be read. */
  static read(path: string): Marked | undefined {
    if (!existsSync(path)) return undefined;
    const lines = readFileSync(path, 'utf8').split('\n');
    const field = (name: string) => lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
    const databaseId = field('database');
    const lastId = Number(field('last-id'));
    if (databaseId === undefined || !Number.isSafeInteger(lastId)) return undefined;
    return { databaseId, lastId, isSuspect: field('suspect') === 'yes', setAside: field('set-aside') ?? null };
  }

  static isThere(path: string): boolean {
    return existsSync(path);
  }

  static write(path: string, marked: Marked): Marker {
    return new Marker(path, marked);
  }

  static remove(path: string): void {
    rmSync(path, { force: true });
  }

  /** Every event up to this id is committed. */
  remember(lastId: number): void {
    if (lastId === this.#marked.lastId) return;
    this.#marked = { ...this.#marked, lastId };
    writeSync(this.#file, text(this.#marked), 0);
  }

  /** Has the next start look through the whole file. */
  suspect(): void {
    this.#marked = { ...this.#marked, isSuspect: true };
    writeSync(this.#file, text(this.#marked), 0);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Old or new, never half. */
function writeWhole(path: string, marked: Marked): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    writeSync(file, text(marked));
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

function text({ databaseId, lastId, isSuspect, setAside }: Marked): string {
  const lines = [
    'daybook marker 1',
    `database ${databaseId}`,
    `last-id ${String(lastId).padStart(ID_DIGITS, '0')}`,
    `suspect ${isSuspect ? 'yes' : 'no '}`,
    ...(setAside === null ? [] : [`set-aside ${setAside}`]),
  ];
  return `${lines.join('\n')}\n`;
}
