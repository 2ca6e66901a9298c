import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Client, connect, type ConnectOptions, type Gap } from '../../../client/index.ts';
import { type DaybookPaths, daybookPaths } from '../../../shared/paths.ts';
import { startClientScript } from '../../harness/client-script.ts';
import type { RunningCommand } from '../../harness/command-line.ts';
import { type DaemonOptions, DaemonProcess } from '../../harness/daemon-process.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { storedNumbers } from '../numbered-events.ts';

/** What a client script needs to record `numbered` events. */
const prologue = `
  const numbered = (n) => ({ type: 'note', source: 'test', timestamp: 1_000_000 + n, action: 'count', data: { n } });
  const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const until = async (isTrue) => { while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5)); };`;

/** One home, on which daemons and clients come and go. */
export class SpoolStage {
  readonly home = temporaryHome();
  readonly paths: DaybookPaths = daybookPaths({ DAYBOOK_HOME: this.home.path });
  readonly #daemons: DaemonProcess[] = [];
  readonly #scripts: RunningCommand[] = [];
  readonly #clients: Client[] = [];

  async startDaemon(options: DaemonOptions = {}): Promise<DaemonProcess> {
    const daemon = await DaemonProcess.start({ ...options, home: this.home.path });
    this.#daemons.push(daemon);
    return daemon;
  }

  /** The daemon that runs. */
  get daemon(): DaemonProcess {
    const daemon = this.#daemons.at(-1);
    if (daemon === undefined) throw new Error('start one first');
    return daemon;
  }

  /** A client of this process, named `test`. */
  connect(options: ConnectOptions = {}): Client {
    const client = connect({ socketPath: this.paths.socket, clientName: 'test', ...options });
    this.#clients.push(client);
    return client;
  }

  /** A process with client named test, and with numbered, turn, until and say. */
  startScript(script: string, options = ''): RunningCommand {
    const client = `const client = connect({ socketPath, clientName: 'test', ${options} });`;
    const running = startClientScript(this.paths.socket, `${prologue}\n${client}\n${script}`);
    this.#scripts.push(running);
    return running;
  }

  /** Names of the files in the spool of `test`. */
  files(ending = ''): string[] {
    const directory = this.spoolDirectory;
    return existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith(ending)) : [];
  }

  get spoolDirectory(): string {
    return join(dirname(this.paths.socket), 'spool', 'test');
  }

  /** Numbers of the stored events by arrival, as another client sees them. */
  async stored(): Promise<unknown[]> {
    const reader = connect({ socketPath: this.paths.socket, clientName: 'reader', spool: false });
    try {
      return await storedNumbers(reader);
    } finally {
      await reader.close();
    }
  }

  async gaps(): Promise<Gap[]> {
    const reader = connect({ socketPath: this.paths.socket, clientName: 'reader', spool: false });
    try {
      return await Array.fromAsync(reader.gaps());
    } finally {
      await reader.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#clients.map((client) => client.close({ timeoutMs: 100 })));
    for (const script of this.#scripts) await script[Symbol.asyncDispose]();
    for (const daemon of this.#daemons) await daemon.stop();
    this.home.remove();
  }
}

/** Waits for a script that ends by itself, without a word on stderr. */
export async function endOf(script: RunningCommand, exitCode = 0): Promise<string> {
  const ended = await script.ended;
  assert.deepEqual({ exitCode: ended.exitCode, stderr: ended.stderr }, { exitCode, stderr: '' });
  return ended.stdout;
}

export async function kill(script: RunningCommand): Promise<void> {
  script.process.kill('SIGKILL');
  assert.equal((await script.ended).signal, 'SIGKILL');
}
