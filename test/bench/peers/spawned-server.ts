import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { waitFor } from '../../harness/wait-for.ts';

/** A server in a directory of its own, which goes with it. */
export class SpawnedServer {
  readonly directory: string;
  readonly #process: ChildProcess;
  #output = '';

  constructor(program: string, argumentsIn: (directory: string) => string[]) {
    this.directory = mkdtempSync(join(tmpdir(), `daybook-bench-${basename(program)}-`));
    this.#process = spawn(program, argumentsIn(this.directory), { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
  }

  /** Waits for something it prints. */
  prints(pattern: RegExp): Promise<RegExpExecArray> {
    return waitFor(`${pattern.source} from the server`, () => {
      if (this.#process.exitCode !== null) throw new Error(`the server has ended: ${this.#output}`);
      return pattern.exec(this.#output);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await ended;
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}
