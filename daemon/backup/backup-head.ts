import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { DaybookError } from '../../shared/errors.ts';
import { applicationId, newestSchema } from '../../shared/database-format.ts';

const HEAD_BYTES = 100;
/** Where these stand in the head of an SQLite file, four bytes each: https://www.sqlite.org/fileformat2.html */
const USER_VERSION = 60;
const APPLICATION_ID = 68;

/**
 * Refuses a file that cannot be a backup before any of it is copied.
 * @throws DaybookError unsafe_path, foreign_database, newer_schema, damaged_database; the system's error
 */
export function checkBackupHead(file: string, database: string): void {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) throw new DaybookError('unsafe_path', `there is no file ${file}`);
  if (!stat.isFile()) throw new DaybookError('unsafe_path', `${file} is no file`);
  const current = statSync(database, { throwIfNoEntry: false });
  if (current?.dev === stat.dev && current.ino === stat.ino) {
    throw new DaybookError('unsafe_path', `${file} is the database itself`);
  }
  const head = Buffer.alloc(HEAD_BYTES);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, head, 0, HEAD_BYTES, 0);
  } finally {
    closeSync(descriptor);
  }
  if (head.toString('latin1', 0, 16) !== 'SQLite format 3\0') {
    const isPacked = head.readUInt16BE(0) === 0x1f8b || head.readUInt32LE(0) === 0xfd2fb528;
    const cure = isPacked
      ? 'it is compressed: unpack it first'
      : "a file of 'daybook export' is read by 'daybook import'";
    throw new DaybookError('foreign_database', `${file} is no backup of daybook; ${cure}`);
  }
  if (head.readUInt32BE(APPLICATION_ID) !== applicationId) {
    throw new DaybookError('foreign_database', `${file} is a database of another program`);
  }
  const version = head.readUInt32BE(USER_VERSION);
  if (version > newestSchema) {
    throw new DaybookError(
      'newer_schema',
      `${file} has schema ${version} and this daybook knows ${newestSchema}; install a newer daybook`,
    );
  }
  if ((statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw new DaybookError(
      'damaged_database',
      `${file} has a log beside it (${file}-wal), without which it is not whole; a file of 'daybook backup' has none`,
    );
  }
}
