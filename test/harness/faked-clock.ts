import { globSync, renameSync, writeFileSync } from 'node:fs';

const [library] = globSync('{/usr/lib,/usr/lib64,/usr/local/lib}{,/*}/faketime/libfaketimeMT.so.1');

/** A clock for another process that is ahead of ours, or behind, and can be moved while that runs. */
export class FakedClock {
  /** A reason why this machine has none, for the `skip` option of a test. */
  static readonly skip: string | false = library === undefined && 'libfaketime is not installed';

  /** For the process. Its timers go on as they did. */
  readonly environment: NodeJS.ProcessEnv;
  readonly #path: string;
  #aheadSeconds = 0;

  /** @param path of a file that it needs, in a directory of the test */
  constructor(path: string) {
    this.#path = path;
    this.environment = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: path,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    this.setAhead(0);
  }

  setAhead(seconds: number): void {
    this.#aheadSeconds = seconds;
    writeFileSync(`${this.#path}.new`, `${seconds < 0 ? '' : '+'}${seconds}`);
    renameSync(`${this.#path}.new`, this.#path);
  }

  /** What that clock shows. */
  nowSeconds(): number {
    return Date.now() / 1000 + this.#aheadSeconds;
  }
}
