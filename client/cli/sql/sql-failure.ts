import { DaybookError } from '../../../shared/errors.ts';
import { UsageError } from '../exit.ts';

/** Primary result codes: https://www.sqlite.org/rescode.html */
const [ERROR, PERM, BUSY, LOCKED, READONLY, IOERR, CORRUPT, CANTOPEN, AUTH, RANGE, NOTADB] = [
  1, 3, 5, 6, 8, 10, 11, 14, 23, 25, 26,
];

/** What an error of SQLite means to the person who asked. Others are left as they are. */
export function sqlFailure(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error;
  const { message } = error;
  const options = { cause: error };
  switch (error.errcode & 0xff) {
    case ERROR:
    case RANGE:
      return new UsageError(message, options);
    case AUTH:
    case READONLY:
      return new UsageError(
        "this is more than a question, and 'daybook sql' only reads: one SELECT, or EXPLAIN, of views and tables",
        options,
      );
    case CORRUPT:
    case NOTADB:
      return new DaybookError(
        'damaged_database',
        `${path} is damaged (${message}); 'daybook verify' looks through it, and a restart of the daemon saves what can be read`,
        options,
      );
    case BUSY:
    case LOCKED:
      return new DaybookError('busy', `${path} is locked by another program; try again`, options);
    case CANTOPEN:
    case PERM:
    case IOERR:
      return new DaybookError('storage_error', `${path} cannot be read (${message})`, options);
    default:
      return error;
  }
}
