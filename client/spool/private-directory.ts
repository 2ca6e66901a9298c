import { lstatSync, mkdirSync } from 'node:fs';
import { DaybookError } from '../../shared/errors.ts';

/** Makes the directory if it is not there. @throws DaybookError unsafe_path; the system's error */
export function makePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  checkPrivateDirectory(path);
}

/**
 * Whether there is a directory that is ours alone.
 * @throws DaybookError unsafe_path with the cure, when it is a link, belongs to somebody else or is open to others
 */
export function checkPrivateDirectory(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (!stat.isDirectory()) throw new DaybookError('unsafe_path', `${path} must be a directory, not a link or a file`);
  const uid = process.geteuid?.();
  if (uid !== undefined && stat.uid !== uid) {
    throw new DaybookError('unsafe_path', `${path} belongs to user ${stat.uid}, and this process runs as user ${uid}`);
  }
  if ((stat.mode & 0o077) !== 0) {
    throw new DaybookError('unsafe_path', `${path} is open to other users; run: chmod 700 '${path}'`);
  }
  return true;
}
