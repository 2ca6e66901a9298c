import { readFileSync } from 'node:fs';
import { waitFor } from './wait-for.ts';

/** What the piece of work that times are compared with takes where the limits were set, ms of processor time. */
const USUAL_PACE_MS = 3;

/**
 * Measures how long the daemon's main thread is busy without a break. It counts the time of its processor, not that of
 * the clock: on a busy machine a thread stands still for no fault of its own. What a slower processor takes, or one that
 * others share, is compared with a piece of work that it does right after.
 */
export class LongestTurn {
  readonly #path: string;
  /** For the daemon's node. */
  readonly nodeArguments: string[];

  constructor(path: string) {
    this.#path = path;
    const source = `
      import { isMainThread } from 'node:worker_threads';
      import { renameSync, writeFileSync } from 'node:fs';
      const path = ${JSON.stringify(path)};
      let longest = 0;
      let before = 0;
      const busy = () => { const { user, system } = process.threadCpuUsage(); return user + system; };
      const say = () => { writeFileSync(path + '~', String(longest / 1000)); renameSync(path + '~', path); };
      const text = JSON.stringify(Array.from({ length: 40_000 }, (_, n) => ({ n, text: 'text ' + n })));
      const slowness = () => {
        const start = busy();
        JSON.parse(text);
        return Math.max(1, (busy() - start) / 1000 / ${USUAL_PACE_MS});
      };
      const measure = () => {
        const turn = busy() - before;
        if (turn > longest) longest = Math.max(longest, turn / slowness());
        before = busy();
      };
      if (isMainThread) {
        process.on('SIGUSR2', () => { slowness(); before = busy(); longest = 0; say(); });
        setInterval(measure, 1).unref();
        process.on('exit', () => { measure(); say(); });
      }`;
    this.nodeArguments = ['--import', `data:text/javascript,${encodeURIComponent(source)}`];
  }

  /** Forgets what was before. */
  async start(process: { kill: (signal: 'SIGUSR2') => boolean }): Promise<void> {
    process.kill('SIGUSR2');
    await waitFor('the measurement to begin', () => this.#read() !== undefined);
  }

  /** Milliseconds of a processor at the usual pace, once the daemon has ended. */
  get ms(): number {
    return this.#read() ?? Number.NaN;
  }

  #read(): number | undefined {
    try {
      return Number(readFileSync(this.#path, 'utf8'));
    } catch {
      return undefined;
    }
  }
}
