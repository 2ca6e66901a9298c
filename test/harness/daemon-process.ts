import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Client, connect, type ConnectOptions } from '../../client/index.ts';
import { type DaybookPaths, daybookPaths } from '../../shared/paths.ts';
import { temporaryHome } from './temporary-home.ts';

const sources = fileURLToPath(new URL('../../daemon/main.ts', import.meta.url));
/** The daemon as it is published, which starts in two thirds of the time: `npm test` builds it. */
const published = process.env['DAYBOOK_TEST_BUILD'] && join(process.env['DAYBOOK_TEST_BUILD'], 'daemon/start.js');

export interface DaemonOptions {
  /** An existing home to start on, which is then not removed; by default a new one. */
  home?: string;
  /** Written as config.json before the start. */
  config?: unknown;
  environment?: NodeJS.ProcessEnv;
  nodeArguments?: string[];
  /** A program that runs the daemon in its own place, with its arguments. */
  under?: readonly string[];
  /** Flags of `daybook daemon`. */
  flags?: readonly string[];
  /** The daemon's entry file; by default the published one where there is one, else that of the sources. */
  entry?: string;
}

export interface Ended {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A real daemon on a home of its own. */
export class DaemonProcess {
  readonly home: string;
  readonly paths: DaybookPaths;
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly #removeHome: () => void;
  readonly #clients: Client[] = [];
  #stdout = '';
  #stderr = '';

  private constructor(options: DaemonOptions) {
    if (options.home === undefined) {
      const temporary = temporaryHome();
      this.home = temporary.path;
      this.#removeHome = temporary.remove;
    } else {
      this.home = options.home;
      this.#removeHome = () => undefined;
    }
    this.paths = daybookPaths({ DAYBOOK_HOME: this.home });
    if (options.config !== undefined) {
      mkdirSync(dirname(this.paths.config), { recursive: true, mode: 0o700 });
      writeFileSync(this.paths.config, JSON.stringify(options.config, null, 2), { mode: 0o600 });
    }
    const { under = [], nodeArguments = [], flags = [] } = options;
    // What is loaded before it may reach into the sources.
    const { entry = (nodeArguments.length === 0 && published) || sources } = options;
    const command = [...under, process.execPath, ...nodeArguments, entry, ...flags];
    this.process = spawn(command[0] ?? '', command.slice(1), {
      env: { ...process.env, ...options.environment, DAYBOOK_HOME: this.home },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString();
    });
    this.process.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    this.ended = new Promise((resolve) => {
      this.process.on('close', (exitCode, signal) =>
        resolve({ exitCode, signal, stdout: this.#stdout, stderr: this.#stderr }),
      );
    });
  }

  /** Starts a daemon without waiting for it: it may be one that refuses to start. */
  static launch(options: DaemonOptions = {}): DaemonProcess {
    return new DaemonProcess(options);
  }

  /** Starts a daemon and waits for its ready line. */
  static async start(options: DaemonOptions = {}): Promise<DaemonProcess> {
    const daemon = new DaemonProcess(options);
    const ready = new Promise<void>((resolve) => {
      daemon.process.stdout?.on('data', () => {
        if (daemon.#stdout.includes('is ready')) resolve();
      });
    });
    const failed = daemon.ended.then(({ exitCode, stderr }) => {
      throw new Error(`the daemon ended with ${exitCode} before it was ready: ${stderr}`);
    });
    await Promise.race([ready, failed]);
    return daemon;
  }

  /** A client of this daemon, closed with it. */
  connect(options: ConnectOptions = {}): Client {
    const client = connect({ socketPath: this.paths.socket, clientName: 'test', ...options });
    this.#clients.push(client);
    return client;
  }

  /** Sends a signal and waits for the end. */
  async kill(signal: NodeJS.Signals): Promise<Ended> {
    this.process.kill(signal);
    return this.ended;
  }

  /** Closes the clients, ends the daemon in order, and removes a home that was made for it. */
  async stop(): Promise<Ended> {
    await Promise.allSettled(this.#clients.map((client) => client.close({ timeoutMs: 1_000 })));
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGTERM');
    const ended = await this.ended;
    this.#removeHome();
    return ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
