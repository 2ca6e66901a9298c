import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { waitFor } from './wait-for.ts';

export const daybookExecutable = fileURLToPath(new URL('../../client/cli/daybook.js', import.meta.url));

export interface CommandOptions {
  /** Given on stdin, which is then closed. */
  input?: string | Uint8Array;
  environment?: NodeJS.ProcessEnv;
  cwd?: string;
}

export interface CommandResult {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** One run of a program, as a person or a script would start it: no terminal, no colours asked for. */
export class RunningCommand {
  readonly process: ChildProcess;
  readonly ended: Promise<CommandResult>;
  stdout = '';
  stderr = '';

  constructor(program: string, args: readonly string[], options: CommandOptions = {}) {
    const { FORCE_COLOR: _force, NO_COLOR: _no, NODE_OPTIONS: _options, ...inherited } = process.env;
    this.process = spawn(program, args, {
      env: { ...inherited, ...options.environment },
      stdio: 'pipe',
      ...(options.cwd !== undefined && { cwd: options.cwd }),
    });
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    // A program that ends early does not read its input to the end.
    this.process.stdin?.on('error', () => undefined);
    this.process.stdin?.end(options.input ?? '');
    this.ended = new Promise((resolve, reject) => {
      this.process.on('error', reject);
      this.process.on('close', (exitCode, signal) => {
        resolve({ exitCode, signal, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  /** Waits until the text is on stdout; fails at once when the program ends without it. */
  async prints(text: string): Promise<void> {
    await waitFor(`${JSON.stringify(text)} on stdout`, () => {
      if (this.stdout.includes(text)) return true;
      if (this.process.exitCode === null && this.process.signalCode === null) return false;
      throw new Error(`it ended with ${this.process.exitCode} before it printed ${text}: ${this.stdout}${this.stderr}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill('SIGKILL');
    await this.ended;
  }
}

/** Starts `daybook` with everything it has under `home`. */
export function startDaybook(home: string, args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const environment = { DAYBOOK_HOME: home, ...options.environment };
  return new RunningCommand(process.execPath, [daybookExecutable, ...args], { ...options, environment });
}

/** Runs `daybook` to its end. */
export function daybook(home: string, args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return startDaybook(home, args, options).ended;
}

/** The rows of NDJSON output. */
export function rowsOf<Row>(stdout: string): Row[] {
  const lines = stdout.split('\n');
  if (lines.pop() !== '') throw new Error(`the last line has no end: ${stdout.slice(-200)}`);
  return lines.map((line) => JSON.parse(line) as Row);
}
