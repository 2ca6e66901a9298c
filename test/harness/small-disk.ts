import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryHome } from './temporary-home.ts';

/**
 * A file system of a few MiB in memory, in a mount namespace of its own, that is gone with this object. What runs `under`
 * it finds it at `path`; everybody else through `outside`.
 */
export class SmallDisk {
  /** A reason why this machine cannot have one, for the `skip` option of a test. */
  static readonly skip: string | false = canMount() ? false : 'unshare -Urm cannot mount a tmpfs here';

  readonly path: string;
  /** Leads to the same files, through the namespace. Not for SQLite, which resolves links itself. */
  readonly outside: string;
  /** Runs a program on this disk, in its own process. */
  readonly under: readonly string[];
  readonly #holder: ChildProcess;
  readonly #remove: () => void;

  private constructor(holder: ChildProcess, path: string, remove: () => void) {
    this.#holder = holder;
    this.#remove = remove;
    this.path = path;
    this.outside = `/proc/${holder.pid}/root${path}`;
    this.under = ['nsenter', `--target=${holder.pid}`, '--user', '--mount', '--preserve-credentials'];
  }

  /** @param at an empty directory, whose owner removes it; by default a new one */
  static async mount(size: `${number}${'k' | 'm'}`, at?: string): Promise<SmallDisk> {
    const { path, remove } = at === undefined ? temporaryHome() : { path: at, remove: () => undefined };
    const script = 'mount -t tmpfs -o size="$2",mode=700 none "$1" && echo mounted && exec cat';
    const holder = spawn('unshare', ['-Urm', 'sh', '-c', script, 'sh', path, size], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const failed = once(holder, 'exit').then(() => {
      throw new Error(`a tmpfs of ${size} could not be mounted at ${path}`);
    });
    failed.catch(() => undefined);
    await Promise.race([once(holder.stdout, 'data'), failed]);
    return new SmallDisk(holder, path, remove);
  }

  resize(size: `${number}${'k' | 'm'}`): void {
    this.remount(`size=${size}`);
  }

  remount(option: 'ro' | 'rw' | `size=${string}`): void {
    // With a source, none of the options that it has now is said again: some of them only root may say.
    const [program, ...args] = [...this.under, 'mount', '-o', `remount,${option}`, 'none', this.path];
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`the disk could not be mounted again with ${option}: ${stderr}`);
  }

  /** Takes all the room that is left. */
  fill(): void {
    const file = join(this.outside, 'ballast');
    for (const bytes of [1 << 20, 1 << 12]) {
      try {
        for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: 'a', mode: 0o600 });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  }

  /** Gives back what `fill` took. */
  empty(): void {
    rmSync(join(this.outside, 'ballast'), { force: true });
  }

  /** What others see of a path on this disk. */
  seen(path: string): string {
    return this.outside + path.slice(this.path.length);
  }

  /** Copies a database that no process has open, to where SQLite finds it. */
  copyDatabase(path: string, directory: string): string {
    mkdirSync(directory, { recursive: true });
    const copy = join(directory, 'events.db');
    for (const suffix of ['', '-wal']) {
      const file = this.seen(path + suffix);
      if (existsSync(file)) copyFileSync(file, copy + suffix);
    }
    return copy;
  }

  [Symbol.dispose](): void {
    this.#holder.kill('SIGKILL');
    this.#remove();
  }
}

function canMount(): boolean {
  const script = 'mount -t tmpfs none /tmp';
  return spawnSync('unshare', ['-Urm', 'sh', '-c', script], { stdio: 'ignore' }).status === 0;
}
