import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dirent } from 'node:fs';
import type { SeenEvent } from './capture-trial.ts';

/** Makes `directories` directories d0, d1, …, some inside others, with `filesEach` files each. */
export function makeTree(root: string, { directories, filesEach }: { directories: number; filesEach: number }): void {
  const paths = [root];
  mkdirSync(root, { recursive: true });
  for (let index = 0; index < directories; index += 1) {
    const parent = paths[Math.floor(index / 7)] ?? root;
    const path = join(parent, `d${index}`);
    mkdirSync(path);
    paths.push(path);
    for (let file = 0; file < filesEach; file += 1) writeFileSync(join(path, `file-${file}.txt`), 'x'.repeat(file));
  }
}

/** Every path below the root, links not followed. */
export function listTree(root: string, skippedNames: readonly string[] = []): Map<string, Dirent> {
  const found = new Map<string, Dirent>();
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (skippedNames.includes(entry.name)) continue;
    const path = join(root, entry.name);
    found.set(path, entry);
    if (entry.isDirectory()) for (const [below, one] of listTree(path, skippedNames)) found.set(below, one);
  }
  return found;
}

/**
 * The paths that exist according to the events, given those that existed before.
 * @throws Error when an event cannot follow the ones before it, such as a second create.
 */
export function replay(before: Iterable<string>, events: readonly SeenEvent[]): Set<string> {
  const alive = new Set(before);
  for (const { action, path } of events) {
    if (alive.has(path) === (action === 'create')) throw new Error(`${action} of ${path} cannot follow`);
    if (action === 'create') alive.add(path);
    if (action === 'delete') alive.delete(path);
  }
  return alive;
}
