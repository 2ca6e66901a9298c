import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** Lays out what was built in an empty directory, as the published package has it: no sources beside it. */
export function stagePackage(directory: string): void {
  for (const name of ['dist', 'package.json', 'client/cli/daybook.js']) {
    cpSync(join(checkout, name), join(directory, name), { recursive: true });
  }
  symlinkSync(join(checkout, 'node_modules'), join(directory, 'node_modules'));
}
