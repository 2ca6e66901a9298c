import { existsSync, lstatSync, mkdirSync, realpathSync, statSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DaybookError } from '../../shared/errors.ts';

/**
 * Makes sure a directory is there and nobody else's business: a real directory, ours, mode 0700.
 * @throws DaybookError unsafe_path with the cure
 */
export function ensurePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stat = lstatSync(path);
  if (!stat.isDirectory()) throw new DaybookError('unsafe_path', `${path} must be a directory, not a link or a file`);
  const uid = process.getuid?.();
  if (uid !== undefined && stat.uid !== uid) {
    throw new DaybookError('unsafe_path', `${path} belongs to user ${stat.uid}, and daybook runs as user ${uid}`);
  }
  if ((stat.mode & 0o077) !== 0) {
    throw new DaybookError('unsafe_path', `${path} is open to other users; run: chmod 700 '${path}'`);
  }
}

/**
 * Makes sure the directory of a configured database is there, and that nobody else can put another file in its place.
 * @throws DaybookError unsafe_path with the cure
 */
export function ensureDatabaseDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stat = statSync(path);
  if ((stat.mode & 0o022) !== 0 && (stat.mode & 0o1000) === 0) {
    throw new DaybookError('unsafe_path', `${path} can be changed by other users; run: chmod go-w '${path}'`);
  }
}

/** The one name of a database file, which may not be there yet: what links lead to it is resolved. */
export function realDatabasePath(path: string): string {
  return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
}

/**
 * Frees a socket path for listening. The caller holds the instance lock, so a socket that is there was left by a
 * process that is gone. Anything but a socket is left untouched.
 * @throws DaybookError unsafe_path
 */
export function removeStaleSocket(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) {
    throw new DaybookError('unsafe_path', `${path} is in the way and is no socket; move it away`);
  }
  unlinkSync(path);
}
