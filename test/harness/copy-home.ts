import { chmodSync, cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Copies what a daemon that has ended left, for another one. `cpSync` opens directories to others. */
export function copyHome(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
  for (const directory of readdirSync(to)) chmodSync(join(to, directory), 0o700);
}
