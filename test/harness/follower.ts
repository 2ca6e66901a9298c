import { type ChildProcess, spawn } from 'node:child_process';
import { daybookExecutable } from './command-line.ts';

/**
 * `daybook tail -f` in a process of its own, and the judge of what it shows: the ids of one life must grow, and no life may
 * begin or go on behind an id that was never shown. Events have `data.n`, counted from 0.
 */
export class Follower {
  readonly name: string;
  readonly #home: string;
  readonly #arguments: readonly string[];
  readonly #seen = new Set<number>();
  #process: ChildProcess | undefined;
  #closed: Promise<unknown> = Promise.resolve();
  #maxId = 0;
  #lines = 0;
  readonly problems: string[] = [];
  lives = 0;

  constructor(name: string, home: string, args: readonly string[]) {
    this.name = name;
    this.#home = home;
    this.#arguments = args;
  }

  /** Different events that were shown. */
  get seen(): number {
    return this.#seen.size;
  }

  /** Events that were shown more than once. */
  get repeated(): number {
    return this.#lines - this.#seen.size;
  }

  /** Whether the event with this number was shown. */
  has(n: number): boolean {
    return this.#seen.has(n);
  }

  start(): void {
    const args = [daybookExecutable, 'tail', '-f', '--json', ...this.#arguments];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, DAYBOOK_HOME: this.#home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    this.#closed = new Promise((resolve) => child.once('close', resolve));
    this.lives += 1;
    let rest = '';
    let lastId = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) lastId = this.#judge(line, lastId);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.problems.push(text.trim()));
  }

  #judge(line: string, lastId: number): number {
    const { id, data } = JSON.parse(line) as { id: number; data: { n: number } };
    if (id <= lastId) this.problems.push(`event ${id} after ${lastId}`);
    if (id > this.#maxId + 1) this.problems.push(`a hole between ${this.#maxId} and ${id}`);
    this.#maxId = Math.max(this.#maxId, id);
    this.#lines += 1;
    this.#seen.add(data.n);
    return id;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  /** Ends the process, and waits until all it has written is judged. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.signal(signal);
    this.signal('SIGCONT');
    await this.#closed;
  }
}
