import { DaybookError } from './errors.ts';

/** "Dayb": marks the file as ours, so that another program's database is never written to. */
export const applicationId = 0x44617962;

/** A table or an index of each schema, the first one first, that those before it do not have. */
const MARK_OF_SCHEMA = ['event', 'gap', 'cursor', 'forgetting', 'event_by_name'] as const;
/** The schema that this build writes. */
export const newestSchema = MARK_OF_SCHEMA.length;

/** Versions further ahead were never written: they are damaged. */
const NEAR_FUTURE = 1_000;

export interface DatabaseHead {
  applicationId: number;
  userVersion: number;
  /** Names of all that is in its schema. */
  names: ReadonlySet<string>;
}

/** Why this build must not touch a database. */
export interface Refusal {
  code: 'foreign_database' | 'newer_schema';
  what: string;
  cure: string;
}

/** Undefined when it may touch it, or when there is nothing in it. */
export function refusalOf(path: string, { applicationId: found, userVersion, names }: DatabaseHead) {
  if (names.size === 0 && userVersion === 0) return undefined;
  const schema = schemaOf(names);
  const refused = (code: Refusal['code'], what: string, cure: string): Refusal => ({ code, what, cure });
  if (found !== applicationId) {
    const marks = `application_id ${found}, and that of daybook is ${applicationId}`;
    return schema > 0
      ? refused(
          'foreign_database',
          `${path} has the tables of daybook and another mark (${marks})`,
          mend(path, 'application_id', applicationId),
        )
      : refused(
          'foreign_database',
          `${path} is a database of another program (${marks})`,
          'move it away, or set persistence.database_path',
        );
  }
  const isAhead = userVersion > newestSchema + NEAR_FUTURE || userVersion < 0;
  if (schema > 0 && (isAhead || userVersion < schema)) {
    const what = `${path} says schema ${userVersion} (user_version) and has the tables of schema ${schema}`;
    return refused('foreign_database', what, mend(path, 'user_version', schema));
  }
  if (userVersion <= newestSchema) return undefined;
  const what = `${path} has schema ${userVersion} and this daybook knows ${newestSchema}`;
  return refused('newer_schema', what, 'install a newer daybook');
}

export function refusalError({ code, what, cure }: Refusal): DaybookError {
  return new DaybookError(code, `${what}; it was left untouched: ${cure}`);
}

/** The newest schema whose mark is there; 0 when these are no tables of ours. */
function schemaOf(names: ReadonlySet<string>): number {
  if (!names.has('meta') || !names.has('name')) return 0;
  return MARK_OF_SCHEMA.findLastIndex((mark) => names.has(mark)) + 1;
}

function mend(path: string, pragma: string, value: number): string {
  const word = `'${path.replaceAll("'", String.raw`'\\''`)}'`;
  return `if daybook wrote it, its header is damaged, and this mends it: sqlite3 ${word} 'PRAGMA ${pragma} = ${value}'`;
}
