import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import type { SkipRule } from './skip-rule.ts';

/**
 * The directories to watch: absolute, without symbolic links in them, each once, and none that another one covers.
 * @throws Error when one does not exist, is not a directory or lies in an excluded path.
 */
export async function captureRoots(directories: readonly string[], rule: SkipRule): Promise<string[]> {
  const paths = new Set<string>();
  for (const directory of directories) {
    // A link is followed here and nowhere else: the caller named it.
    const path = await realpath(resolve(directory)).catch((cause: unknown) => {
      throw new Error(`cannot capture ${directory}: it does not exist or cannot be reached`, { cause });
    });
    if (!(await lstat(path)).isDirectory()) throw new Error(`cannot capture ${directory}: it is not a directory`);
    if (isExcluded(path, rule)) throw new Error(`cannot capture ${directory}: it lies in an excluded path`);
    paths.add(path);
  }
  return [...paths].filter((path) => ![...paths].some((other) => isReachedFrom(other, path, rule)));
}

/** The path with the links in its existing part resolved. It may not exist yet, as Daybook's data on its first start. */
export async function resolvedPath(path: string): Promise<string> {
  const absolute = resolve(path);
  try {
    return await realpath(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(await resolvedPath(parent), basename(absolute));
  }
}

function isExcluded(path: string, rule: SkipRule): boolean {
  const parent = dirname(path);
  return parent !== path && (rule.excludes(parent, basename(path)) || isExcluded(parent, rule));
}

/** Whether a capture of `root` comes to `path` by itself, that is, whether nothing on the way is skipped. */
function isReachedFrom(root: string, path: string, rule: SkipRule): boolean {
  if (root === path || !path.startsWith(root.endsWith(sep) ? root : root + sep)) return false;
  const parent = dirname(path);
  return !rule.skips(parent, basename(path)) && (parent === root || isReachedFrom(root, parent, rule));
}
