import { accessSync, constants, statSync } from 'node:fs';
import { DaybookError } from '../../shared/errors.ts';

/**
 * Makes sure that this process may read and write all of these that are there. SQLite would say less about it, and later.
 * @throws DaybookError unsafe_path with the cure
 */
export function ensureWritable(paths: readonly string[]): void {
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    try {
      accessSync(path, constants.R_OK | constants.W_OK | (stat.isDirectory() ? constants.X_OK : 0));
    } catch (cause) {
      throw new DaybookError('unsafe_path', `${path} cannot be read and written: ${cureFor(path, stat.uid, cause)}`, {
        cause,
      });
    }
  }
}

function cureFor(path: string, owner: number, cause: unknown): string {
  if ((cause as NodeJS.ErrnoException).code === 'EROFS') return 'its file system is read-only';
  const uid = process.getuid?.() ?? owner;
  return owner === uid
    ? `daybook runs as user ${uid}, to whom it belongs; run: chmod u+rwX '${path}'`
    : `it belongs to user ${owner}, and daybook runs as user ${uid}; run: sudo chown ${uid} '${path}'`;
}
