import type { Database } from 'better-sqlite3';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { applicationId, newestSchema, refusalError, refusalOf } from '../../shared/database-format.ts';
import { programDirectory } from '../../shared/program-file.ts';
import type { OnStep } from './opening-step.ts';

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
  if (files.length !== newestSchema) throw new Error(`there are ${files.length} migrations, not ${newestSchema}`);
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
  const names = new Set(db.prepare<[], string>('SELECT name FROM sqlite_schema').pluck().all());
  const found = Number(db.pragma('application_id', { simple: true }));
  const refusal = refusalOf(db.name, { applicationId: found, userVersion: version, names });
  if (refusal !== undefined) throw refusalError(refusal);
  return version;
}

/** Whether this build would change the schema of a database that has this one. */
export function isOlder(version: number): boolean {
  return version > 0 && version < newestSchema;
}

/** Brings the schema up to date, each script in a transaction of its own. Nothing happens when it is. */
export function migrate(db: Database, onStep?: OnStep): void {
  const current = Number(db.pragma('user_version', { simple: true }));
  for (const { version, sql } of migrations()) {
    if (version <= current) continue;
    if (current > 0) onStep?.(`bringing the database from schema ${version - 1} to ${version}`);
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
