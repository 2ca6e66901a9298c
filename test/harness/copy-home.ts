import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Copies the files that a daemon that has ended left, for another one; no sockets. Not the search index: the process that
 * makes it ends a moment after a daemon that was killed, and it is made anew where it is missing.
 */
export function copyHome(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, copy] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyHome(source, copy);
    else if (entry.isFile() && !entry.name.startsWith('events.db.search')) copyFileSync(source, copy);
  }
}
