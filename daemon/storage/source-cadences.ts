import type { Database, Statement } from 'better-sqlite3';
import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';

/** How often sources were declared to have events. Use it inside a transaction. */
export class SourceCadences {
  readonly #find: Statement<[string], number>;
  readonly #count: Statement<[], number>;
  readonly #set: Statement<[string, number, number]>;
  readonly #delete: Statement<[string]>;

  constructor(db: Database) {
    this.#find = db.prepare<[string], number>('SELECT seconds FROM source_cadence WHERE source = ?').pluck();
    this.#count = db.prepare<[], number>('SELECT count(*) FROM source_cadence').pluck();
    this.#set = db.prepare(
      `INSERT INTO source_cadence (source, seconds, declared) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET seconds = excluded.seconds, declared = excluded.declared`,
    );
    this.#delete = db.prepare('DELETE FROM source_cadence WHERE source = ?');
  }

  /**
   * Returns whether that changes anything.
   * @param seconds null takes a cadence back
   * @throws DaybookError too_many_names
   */
  declare(source: string, seconds: number | null, nowSeconds: number): boolean {
    if (seconds === null) return this.#delete.run(source).changes > 0;
    const known = this.#find.get(source);
    if (known === seconds) return false;
    if (known === undefined && (this.#count.get() ?? 0) >= limits.declaredSources) {
      throw new DaybookError(
        'too_many_names',
        `${limits.declaredSources} sources have a cadence; take back one that is not used`,
      );
    }
    this.#set.run(source, seconds, nowSeconds);
    return true;
  }
}
