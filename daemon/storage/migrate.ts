import type { Database } from 'better-sqlite3';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { DaybookError } from '../../shared/errors.ts';
import { programDirectory } from '../../shared/program-file.ts';

/** "Dayb": marks the file as ours, so that another program's database is never written to. */
export const applicationId = 0x44617962;

interface Migration {
  version: number;
  sql: string;
}

/** The numbered scripts beside this file, in order. A script is never edited after a release. */
export function migrations(): Migration[] {
  const directory = new URL('daemon/storage/migrations/', programDirectory);
  const files = readdirSync(directory)
    .filter((file) => /^\d{4}-.+\.sql$/.test(file))
    .toSorted();
  return files.map((file, index) => {
    const version = Number(file.slice(0, 4));
    if (version !== index + 1) throw new Error(`migration ${file} is out of sequence`);
    return { version, sql: readFileSync(new URL(file, directory), 'utf8') };
  });
}

/**
 * Refuses a database that this build must not touch. Reads only. Returns its schema version, 0 for an empty one.
 * @throws DaybookError newer_schema, foreign_database
 */
export function checkSchemaVersion(db: Database): number {
  const version = Number(db.pragma('user_version', { simple: true }));
  const application = Number(db.pragma('application_id', { simple: true }));
  const newest = migrations().length;
  const isEmpty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (isEmpty && version === 0) return 0;
  if (application !== applicationId) {
    throw new DaybookError(
      'foreign_database',
      `${db.name} is a database of another program; move it away, or set persistence.database_path`,
    );
  }
  if (version > newest) {
    throw new DaybookError(
      'newer_schema',
      `${db.name} has schema ${version} and this daybook knows ${newest}; it was left untouched: install a newer daybook`,
    );
  }
  return version;
}

/** Whether this build would change the schema of a database that has this one. */
export function isOlder(version: number): boolean {
  return version > 0 && version < migrations().length;
}

/** Brings the schema up to date, each script in a transaction of its own. Nothing happens when it is. */
export function migrate(db: Database): void {
  const current = Number(db.pragma('user_version', { simple: true }));
  for (const { version, sql } of migrations()) {
    if (version <= current) continue;
    db.transaction(() => {
      db.exec(sql);
      if (version === 1) {
        db.pragma(`application_id = ${applicationId}`);
        db.prepare("INSERT INTO meta (key, value) VALUES ('database_id', ?), ('last_id', 0), ('flushes', 0)").run(
          randomUUID(),
        );
      }
      db.pragma(`user_version = ${version}`);
    }).immediate();
  }
}
