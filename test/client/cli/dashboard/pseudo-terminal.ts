import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { daybookExecutable } from '../../../harness/command-line.ts';
import { waitFor } from '../../../harness/wait-for.ts';
import { TerminalScreen } from './terminal-screen.ts';

const script = fileURLToPath(new URL('./pseudo-terminal.py', import.meta.url));

const END = '\u001b[?2026l';

export interface TerminalEnd {
  /** Negative: the signal that ended it. */
  exit: number;
  /** Whether the terminal has the attributes that it had before. */
  restored: boolean;
}

export interface PseudoTerminalOptions {
  environment?: NodeJS.ProcessEnv;
  columns?: number;
  rows?: number;
  nodeArguments?: string[];
}

/** `daybook` on a real terminal, as a person would see it. */
export class PseudoTerminal {
  readonly screen: TerminalScreen;
  readonly ended: Promise<TerminalEnd>;
  readonly #process: ChildProcess;
  output = '';
  /** How many updates of the screen have been shown. */
  #updates = 0;

  constructor(home: string, args: readonly string[], options: PseudoTerminalOptions = {}) {
    const { columns = 80, rows = 24, environment, nodeArguments = [] } = options;
    this.screen = new TerminalScreen(columns);
    const {
      NO_COLOR: _no,
      FORCE_COLOR: _force,
      COLORTERM: _term,
      CI: _ci,
      NODE_OPTIONS: _options,
      ...inherited
    } = process.env;
    const program = [process.execPath, ...nodeArguments, daybookExecutable, ...args];
    this.#process = spawn('python3', [script, String(columns), String(rows), ...program], {
      env: { ...inherited, TERM: 'xterm-256color', LANG: 'C.UTF-8', LC_ALL: '', DAYBOOK_HOME: home, ...environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { promise, resolve, reject } = Promise.withResolvers<TerminalEnd>();
    this.ended = promise;
    promise.catch(() => undefined);
    const { stdout } = this.#process;
    if (stdout === null) throw new Error('there is no output');
    createInterface({ input: stdout }).on('line', (line) => {
      const said = JSON.parse(line) as { output?: string } | TerminalEnd;
      if ('exit' in said) resolve(said);
      else if (said.output !== undefined) this.#show(said.output);
    });
    this.#process.on('close', () => reject(new Error('the pseudo terminal has ended')));
  }

  type(text: string): void {
    this.#ask({ type: text });
  }

  signal(number: number): void {
    this.#ask({ signal: number });
  }

  resize(columns: number, rows: number): void {
    // Made smaller, it may still be sent what was drawn for the larger one.
    this.screen.columns = Math.max(this.screen.columns, columns);
    this.#ask({ size: [columns, rows] });
  }

  /** Waits until a line of the screen matches, and returns it. */
  shows(what: RegExp): Promise<string> {
    return waitFor(`${what} on the screen`, () => this.screen.lines.find((line) => what.test(line)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It takes the program with it: the terminal hangs up.
    this.#process.kill('SIGKILL');
    await this.ended.catch(() => undefined);
  }

  #ask(request: object): void {
    this.#process.stdin?.write(`${JSON.stringify(request)}\n`);
  }

  /** What comes before and after the dashboard is no part of it. */
  #show(text: string): void {
    this.output += text;
    const [, within = ''] = this.output.split('\u001b[?1049h');
    const [own = ''] = within.split('\u001b[?1049l');
    // What has come in part is shown when the rest is there.
    const updates = own.split(END).slice(0, -1);
    for (const update of updates.slice(this.#updates)) this.screen.write(update + END);
    this.#updates = updates.length;
  }
}
