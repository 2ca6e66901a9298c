import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { connectWithNodeIpc, type Transport } from '../../client/index.ts';
import { type DaybookPaths, daybookPaths } from '../../shared/paths.ts';
import { clockAhead } from '../harness/daemon-faults.ts';
import { type DaemonOptions, DaemonProcess, type Ended } from '../harness/daemon-process.ts';
import { temporaryHome } from '../harness/temporary-home.ts';

/** One home, and one daemon after another on it. Clients reach whichever is up, and wait while there is none. */
export class Succession {
  readonly home: string;
  readonly paths: DaybookPaths;
  readonly #removeHome: () => void;
  #daemon: DaemonProcess | undefined;
  #isUp = false;
  #up = Promise.withResolvers<void>();
  #aheadSeconds = 0;

  constructor() {
    const home = temporaryHome();
    this.home = home.path;
    this.#removeHome = home.remove;
    this.paths = daybookPaths({ DAYBOOK_HOME: home.path });
  }

  /** Connects as soon as a daemon is up: a client's pause between two tries would miss a short life. */
  readonly transport: Transport = async (path, handlersFor) => {
    await this.up();
    return connectWithNodeIpc(path, handlersFor);
  };

  /** The daemons' clock. */
  readonly nowSeconds = (): number => Date.now() / 1000 + this.#aheadSeconds;

  /** Resolves when a daemon is up. */
  up(): Promise<void> {
    return this.#up.promise;
  }

  /** Moves the clock of the daemons that are still to come. */
  passTime(seconds: number): void {
    this.#aheadSeconds += seconds;
  }

  /** Starts the next daemon and waits until it is up. @throws when it ends before that */
  async start(options: Omit<DaemonOptions, 'home'> = {}): Promise<void> {
    const clock = this.#aheadSeconds === 0 ? [] : clockAhead(this.#aheadSeconds);
    const nodeArguments = [...clock, ...(options.nodeArguments ?? [])];
    const daemon = DaemonProcess.launch({ ...options, home: this.home, nodeArguments });
    this.#daemon = daemon;
    let stdout = '';
    daemon.process.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (this.#isUp || !stdout.includes('is ready')) return;
      this.#isUp = true;
      this.#up.resolve();
    });
    const early = daemon.ended.then(({ exitCode, signal, stderr }) => {
      throw new Error(`the daemon ended with ${exitCode ?? signal} before it was ready: ${stderr}`);
    });
    await Promise.race([this.#up.promise, early]);
  }

  /** @throws when the daemon had ended before, or ends in another way */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#daemon?.process.kill(signal);
    const ended = await this.ended();
    const isAsAsked = signal === 'SIGKILL' ? ended.signal === signal : ended.exitCode === 0;
    if (!isAsAsked) throw new Error(`the daemon ended by itself: ${JSON.stringify(ended)}`);
  }

  /** Resolves when the daemon has ended. */
  async ended(): Promise<Ended> {
    if (this.#daemon === undefined) throw new Error('there is no daemon');
    const ended = await this.#daemon.ended;
    // Who waits for a daemon that never was up waits for the next one.
    if (this.#isUp) this.#up = Promise.withResolvers();
    this.#isUp = false;
    this.#daemon = undefined;
    return ended;
  }

  /** Copies the database as the last daemon left it. Returns where it then is. */
  copyDatabase(directory: string): string {
    const copy = join(directory, 'events.db');
    for (const suffix of ['', '-wal']) {
      if (existsSync(this.paths.database + suffix)) copyFileSync(this.paths.database + suffix, copy + suffix);
    }
    return copy;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.kill('SIGKILL');
    this.#removeHome();
  }
}
