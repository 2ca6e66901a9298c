import { removeStartNotice, writeStartNotice } from '../../shared/start-notice.ts';

/** A start that is over sooner leaves no trace of itself. */
const STEP_MS = 1_000;

/**
 * Says beside the socket what a long start is at, once a second, for whoever waits at a socket that is not there yet.
 *
 * States: quiet (for the first second), saying, ended.
 */
export class StartProgress {
  readonly #dataDirectory: string;
  readonly #started = Date.now() / 1000;
  readonly #timer: NodeJS.Timeout;
  readonly #onExit = () => this.end();
  #doing = 'opening the database';
  #share: number | null = null;
  #said = '';

  constructor(dataDirectory: string, stepMs = STEP_MS) {
    this.#dataDirectory = dataDirectory;
    this.#timer = setInterval(() => this.#say(), stepMs);
    process.once('exit', this.#onExit);
  }

  /** @param share of it that is done, 0 to 1; null where nobody can tell */
  note(doing: string, share: number | null): void {
    this.#doing = doing;
    this.#share = share;
  }

  end(): void {
    clearInterval(this.#timer);
    process.off('exit', this.#onExit);
    removeStartNotice(this.#dataDirectory);
  }

  #say(): void {
    // Whoever has started it by hand looks there.
    if (process.stderr.isTTY && this.#doing !== this.#said) process.stderr.write(`starting: ${this.#doing}\n`);
    this.#said = this.#doing;
    try {
      writeStartNotice(this.#dataDirectory, {
        pid: process.pid,
        started: this.#started,
        at: Date.now() / 1000,
        doing: this.#doing,
        share: this.#share,
      });
    } catch {
      // A full disk, perhaps. The start itself says what is wrong.
    }
  }
}
