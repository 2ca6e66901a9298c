import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { shellWord } from '../../launchd/shell-word.ts';

/** What the system has refused, with what to do; undefined for other errors. */
export function systemErrorText(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('syscall' in error) || !('path' in error)) return undefined;
  const { code, path: named } = error as NodeJS.ErrnoException;
  if (named === undefined) return undefined;
  // What a file is called until it is complete is nobody's business.
  const path = named.replace(/\.\d+\.partial$/, '');
  const word = shellWord(path);
  switch (code) {
    case 'ENOENT':
      return existsSync(dirname(path))
        ? `there is no ${path} (${code})`
        : `there is no directory for ${path} (${code}); make it: mkdir -p ${shellWord(dirname(path))}`;
    case 'EACCES':
    case 'EPERM':
      return `the system does not let you at ${path} (${code}); whose it is: ls -ld ${word}`;
    case 'EEXIST':
      return `${path} is there already (${code}); choose another name, or remove it: rm ${word}`;
    case 'EISDIR':
      return `${path} is a directory (${code}); name a file`;
    case 'ENOTDIR':
      return `${path} cannot be: a part of it is a file (${code})`;
    case 'ENOSPC':
    case 'EDQUOT':
      return `there is no room for ${path} (${code}); make room: du -xh ${shellWord(dirname(path))} | sort -h | tail`;
    case 'EROFS':
      return `${path} is on a file system that cannot be written (${code})`;
    case 'EMFILE':
    case 'ENFILE':
      return `too many files are open to open ${path} (${code}); more are allowed by: ulimit -n 4096`;
    default:
      return undefined;
  }
}
