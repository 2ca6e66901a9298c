import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { UsageError } from '../exit.ts';

export type SqlValue = SQLOutputValue;

/** The answer to one statement: the names of its columns, each one once, and its rows as they are read. */
export interface Answer {
  columns: string[];
  rows: Iterable<SqlValue[]>;
}

/** @throws UsageError when it is not one statement that can be asked; errors of SQLite */
export function ask(db: DatabaseSync, sql: string): Answer {
  const statement = onlyStatement(db, sql);
  // Integers beyond 2^53 are in nobody's way then.
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  const columns = distinct(statement.columns().map(({ name }) => name));
  return { columns, rows: statement.iterate() as Iterable<unknown> as Iterable<SqlValue[]> };
}

function onlyStatement(db: DatabaseSync, sql: string): StatementSync {
  const statement = prepared(db, sql);
  if (statement === undefined) throw new UsageError('there is no SQL to run');
  if (prepared(db, sql.slice(statement.sourceSQL.length)) === undefined) return statement;
  throw new UsageError('one statement at a time');
}

/** Undefined when there are only blanks and comments. */
function prepared(db: DatabaseSync, sql: string): StatementSync | undefined {
  try {
    return db.prepare(sql);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_INVALID_ARG_VALUE') return undefined;
    throw error;
  }
}

function distinct(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let free = name;
    for (let number = 2; taken.has(free); number += 1) free = `${name}_${number}`;
    taken.add(free);
    return free;
  });
}
