import { spawnSync } from 'node:child_process';
import { chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const NOBODY = 65_534;
const uid = process.getuid?.() ?? 0;
const isRoot = uid === 0;
const setpriv = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];

/** Somebody to whom the modes of files apply, which they do not to root. */
export const ordinaryUser = {
  /** A reason why this machine has none, for the `skip` option of a test. */
  skip: (isRoot && !canBeNobody() ? 'setpriv cannot run a program as another user' : false) as string | false,
  uid: isRoot ? NOBODY : uid,
  /** Runs a program as this user. */
  under: isRoot ? setpriv : [],

  /** Gives this user a directory and all in it. */
  own(path: string): void {
    if (!isRoot) return;
    chownSync(path, NOBODY, NOBODY);
    for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
      chownSync(join(entry.parentPath, entry.name), NOBODY, NOBODY);
    }
  },
};

function canBeNobody(): boolean {
  return spawnSync(setpriv[0] ?? '', [...setpriv.slice(1), process.execPath, '--version']).status === 0;
}
