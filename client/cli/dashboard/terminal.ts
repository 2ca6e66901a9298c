import { writeSync } from 'node:fs';
import { type Key, keysIn } from './keys.ts';
import type { Size } from './screen.ts';

export interface TerminalOptions {
  input: typeof process.stdin;
  output: typeof process.stdout;
  onKey: (key: Key) => void;
  /** It has another size, or may show anything: draw all of it. */
  onResize: () => void;
  /** It is gone, or somebody wants the end. */
  onEnd: (reason: Error | NodeJS.Signals | undefined) => void;
}

/** DEC private modes: alternate screen with saved cursor, cursor shown, lines that wrap. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l';
const NOT_STOPPED_MS = 100;
const ENDS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The terminal while the dashboard has it.
 *
 * States: ours (alternate screen, no cursor, keys come one by one) and given back (as it was found). Whatever ends the
 * process, it is given back before: leaving on purpose, signals, an error that nobody has caught. Suspended, it is given
 * back too, and ours again when the process goes on.
 */
export class Terminal {
  readonly #options: TerminalOptions;
  #isOurs = false;

  constructor(options: TerminalOptions) {
    this.#options = options;
  }

  get size(): Size {
    const { columns, rows } = this.#options.output;
    return { columns: columns || 80, rows: rows || 24 };
  }

  get hasKeys(): boolean {
    return this.#options.input.isTTY;
  }

  /** False while the terminal has not taken what it was sent. */
  get hasRoom(): boolean {
    return !this.#options.output.writableNeedDrain;
  }

  enter(): void {
    const { input, output } = this.#options;
    process.on('exit', this.#leave);
    process.on('uncaughtExceptionMonitor', this.#leave);
    for (const signal of ENDS) process.on(signal, this.#end);
    process.on('SIGCONT', this.#resume);
    output.on('resize', this.#options.onResize);
    output.on('error', this.#end);
    if (this.hasKeys) {
      input.setEncoding('utf8');
      input.on('data', this.#read);
      input.on('end', this.#ended);
      input.on('error', this.#end);
    }
    this.#take();
  }

  write(text: string): void {
    this.#options.output.write(text);
  }

  leave(): void {
    const { input, output } = this.#options;
    this.#leave();
    process.off('exit', this.#leave);
    process.off('uncaughtExceptionMonitor', this.#leave);
    for (const signal of ENDS) process.off(signal, this.#end);
    process.off('SIGCONT', this.#resume);
    output.off('resize', this.#options.onResize);
    input.off('data', this.#read);
    input.off('end', this.#ended);
    // What holds the process open.
    input.pause();
  }

  #take(): void {
    if (this.hasKeys) this.#options.input.setRawMode(true);
    this.#options.output.write(ENTER);
    this.#isOurs = true;
  }

  readonly #leave = (): void => {
    if (!this.#isOurs) return;
    this.#isOurs = false;
    try {
      if (this.hasKeys) this.#options.input.setRawMode(false);
      // Written before the process can end.
      writeSync(this.#options.output.fd, LEAVE);
    } catch {
      // There is no terminal any more.
    }
  };

  readonly #read = (input: string | Buffer): void => {
    for (const key of keysIn(String(input))) {
      if ('name' in key && key.name === 'suspend') this.#suspend();
      else this.#options.onKey(key);
    }
  };

  readonly #end = (reason: Error | NodeJS.Signals): void => this.#options.onEnd(reason);

  readonly #ended = (): void => this.#options.onEnd(undefined);

  #suspend(): void {
    this.#leave();
    // All of the job, as the key would do it. It goes on with SIGCONT, or never stopped when there is no job control.
    process.kill(0, 'SIGTSTP');
    setTimeout(() => this.#isOurs || this.#resume(), NOT_STOPPED_MS);
  }

  /** Stopped from outside or by a key, the shell has had the terminal meanwhile. */
  readonly #resume = (): void => {
    this.#take();
    this.#options.onResize();
  };
}
