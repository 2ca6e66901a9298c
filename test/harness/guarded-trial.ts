import type { Database } from 'better-sqlite3';
import { copyFileSync, cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { EventStore } from '../../daemon/storage/event-store.ts';
import { type GuardedDatabase, openGuarded } from '../../daemon/storage/guarded-database.ts';
import { Marker, type Marked } from '../../daemon/storage/marker.ts';
import { NameTable } from '../../daemon/storage/name-table.ts';
import { preparedRows } from './prepared.ts';
import { encode } from '../../shared/codec.ts';
import { limits } from '../../shared/limits.ts';
import { temporaryHome } from './temporary-home.ts';

interface KeptGap {
  count: number;
  since: number;
  until: number;
  reason: string;
}

/** A guarded database in a directory of its own, opened and closed as writers do, one after the other. */
export class GuardedTrial {
  readonly directory: string;
  readonly path: string;
  readonly markerPath: string;
  readonly notices: [message: string, details: object][] = [];
  readonly #remove: () => void;
  #guarded: GuardedDatabase | undefined;
  #store: EventStore | undefined;
  #names: NameTable | undefined;

  /** @param like one that is closed, to begin with copies of its files */
  constructor(like?: GuardedTrial) {
    const home = temporaryHome();
    this.directory = home.path;
    this.#remove = home.remove;
    this.path = join(home.path, 'events.db');
    this.markerPath = `${this.path}.marker`;
    if (like !== undefined) cpSync(like.directory, this.directory, { recursive: true });
  }

  open({ init = false } = {}): void {
    this.#guarded = openGuarded(this.path, {
      init,
      onNotice: (message, details) => this.notices.push([message, details]),
    });
    this.#names = new NameTable(this.db, limits.namesPerKind);
    this.#store = new EventStore(this.db, this.#names);
  }

  get db(): Database {
    if (this.#guarded === undefined) throw new Error('it is not open');
    return this.#guarded.db;
  }

  get marker(): Marker {
    if (this.#guarded === undefined) throw new Error('it is not open');
    return this.#guarded.marker;
  }

  get marked(): Marked | undefined {
    return Marker.read(this.markerPath);
  }

  get databaseId(): string {
    return String(this.db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get());
  }

  /** Stores events with these timestamps in one transaction and acknowledges them. Returns the id of the first. */
  append(first: number, last: number, arrivedSeconds = 1_700_000_000): number {
    if (this.#store === undefined || this.#names === undefined) throw new Error('it is not open');
    const events = Array.from({ length: last - first + 1 }, (_, index) => {
      const n = first + index;
      return { type: 't', source: 's', timestamp: n, data: { n, text: `${n} `.repeat(20) } };
    });
    const { rows } = preparedRows(encode({ events }), this.#names, 0);
    this.#store.begin('normal');
    const { firstId } = this.#store.append(rows, arrivedSeconds);
    this.#store.commit();
    this.marker.remember(this.#store.lastId);
    return firstId ?? 0;
  }

  gaps(): KeptGap[] {
    return this.db.prepare<[], KeptGap>('SELECT events AS count, since, until, reason FROM gap ORDER BY id').all();
  }

  checkpoint(): void {
    this.db.pragma('wal_checkpoint(TRUNCATE)');
  }

  /** Databases that were set aside. */
  asides(): string[] {
    return readdirSync(this.directory)
      .filter((file) => /\.corrupt-[^-]*$/.test(file))
      .map((file) => join(this.directory, file));
  }

  close(): void {
    this.#guarded?.db.close();
    this.#guarded?.marker.close();
    this.#guarded = undefined;
  }

  /** Leaves the files as the end of a process leaves them: the log is not folded in. */
  crash(): void {
    const kept = ['', '-wal'].filter((suffix) => existsSync(this.path + suffix));
    for (const suffix of kept) copyFileSync(this.path + suffix, `${this.path}${suffix}.kept`);
    this.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(this.path + suffix, { force: true });
    for (const suffix of kept) {
      copyFileSync(`${this.path}${suffix}.kept`, this.path + suffix);
      rmSync(`${this.path}${suffix}.kept`);
    }
  }

  [Symbol.dispose](): void {
    this.close();
    this.#remove();
  }
}
