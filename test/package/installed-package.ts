import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryHome } from '../harness/temporary-home.ts';

const run = promisify(execFile);

export const checkout = fileURLToPath(new URL('../..', import.meta.url));

/** The package as a user gets it: packed from a copy of this checkout, and installed in an empty directory. */
export interface InstalledPackage {
  /** What is in the tarball, below `package/`. */
  files: string[];
  /** The directory of the user's project. */
  project: string;
  remove: () => void;
}

export async function installPackage(): Promise<InstalledPackage> {
  const { path, remove } = temporaryHome();
  const copy = join(path, 'copy');
  const project = join(path, 'project');
  mkdirSync(project);
  await copyCheckout(copy);
  await run('npm', ['pack', '--pack-destination', path], { cwd: copy });
  const tarball = readdirSync(path).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  const { stdout } = await run('tar', ['-tzf', join(path, tarball)]);
  writeFileSync(join(project, 'package.json'), '{"private": true, "type": "module"}\n');
  const options = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...options, join(path, tarball)], { cwd: project });
  const files = stdout
    .trimEnd()
    .split('\n')
    .map((name) => name.replace(/^package\//, ''));
  return { files, project, remove };
}

/** What git knows or would add, without what it ignores. */
async function copyCheckout(to: string): Promise<void> {
  const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: checkout,
    maxBuffer: 16 * 1024 * 1024,
  });
  for (const file of stdout.split('\0').filter((name) => name !== '' && !name.startsWith('test/'))) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    try {
      cpSync(join(checkout, file), join(to, file));
    } catch (error) {
      // Deleted in the working tree, and git does not know yet.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  symlinkSync(join(checkout, 'node_modules'), join(to, 'node_modules'));
}
