import type { Transport } from '../../shared/byte-stream.ts';
import { connectWithNet } from '../net-transport.ts';
import { watchedTransport } from './watched-transport.ts';

/**
 * - `give-up`: a daemon that gives no sign of life for ten seconds, while it is waited for, is given up.
 * - `tell`: that is told on stderr, and so is its end; whoever follows waits on. Looked for every half minute.
 * - `none`: for who looks after that itself.
 */
export type Patience = 'give-up' | 'tell' | 'none';

const SILENCE_MS = 5_000;
/** Nothing is the rule for who follows. */
const FOLLOWING_SILENCE_MS = 30_000;
const PATIENCE_MS = 5_000;
/** A restart takes less. */
const GONE_MS = 3_000;

/**
 * How a command reaches the daemon. One that runs for a moment does without what node-ipc takes to load.
 * @param reconnect the client comes back by itself: that it waits for a daemon that is gone is told on stderr
 */
export function patientTransport(patience: Patience, reconnect: boolean): Transport {
  if (patience === 'none') return connectWithNet;
  const waiting = new Waiting();
  return watchedTransport(connectWithNet, {
    silenceMs: patience === 'tell' ? FOLLOWING_SILENCE_MS : SILENCE_MS,
    patienceMs: PATIENCE_MS,
    onSilent: (error) => {
      if (patience === 'give-up') throw error;
      waiting.tell(error.message);
    },
    onHeard: () => waiting.isOver(),
    onGone: () => reconnect && waiting.expectBack(),
  });
}

/** What is told of waiting, each time once. */
class Waiting {
  #hasTold = false;
  #gone: NodeJS.Timeout | undefined;

  tell(what: string): void {
    if (this.#hasTold) return;
    this.#hasTold = true;
    process.stderr.write(`daybook: ${what}; waiting for it, Ctrl-C ends ('daybook doctor' says what is wrong)\n`);
  }

  expectBack(): void {
    this.#gone ??= setTimeout(() => this.tell('the daemon is gone'), GONE_MS).unref();
  }

  isOver(): void {
    clearTimeout(this.#gone);
    this.#gone = undefined;
    if (this.#hasTold) process.stderr.write('daybook: the daemon answers again\n');
    this.#hasTold = false;
  }
}
