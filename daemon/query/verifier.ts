import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { errorFromBody } from '../../shared/messages/error-body.ts';
import type { VerifyReply, VerifyRequest } from '../../shared/messages/verify.ts';
import { workerEntry } from '../worker-entry.ts';
import type { FromVerifier, ToVerifier } from './verify-messages.ts';

interface Asked {
  resolve: (reply: VerifyReply) => void;
  reject: (error: Error) => void;
}

/**
 * The daemon's handle on the process that verifies. Its last statement looks through the whole database and cannot be
 * interrupted: a thread would hold up the end of the daemon for as long, a process can be killed.
 *
 * States: asleep (no process), awake, closed. The first request wakes it, and after a while without one it ends. A process
 * that dies fails its requests as retryable, and the next request starts another.
 */
export class Verifier {
  readonly #databasePath: string | undefined;
  readonly #onDamage: () => void;
  #process: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;
  #nextKey = 1;
  readonly #asked = new Map<number, Asked>();

  /**
   * @param databasePath undefined when the daemon stores nothing: then every request is refused
   * @param onDamage told when the file is not built as it must be
   */
  constructor(databasePath: string | undefined, onDamage: () => void = () => undefined) {
    this.#databasePath = databasePath;
    this.#onDamage = onDamage;
  }

  /** Process id while there is a process. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** @throws DaybookError `busy`, `shutting_down`, `persistence_disabled`, or `storage_error` */
  async check(request: VerifyRequest): Promise<VerifyReply> {
    if (this.#isClosed) throw new DaybookError('shutting_down', 'the daemon is going away');
    if (this.#databasePath === undefined) {
      throw new DaybookError(
        'persistence_disabled',
        'this daemon is set to store nothing (enable_persistence is false)',
      );
    }
    if (this.#asked.size >= limits.verifyQueueRequests) {
      throw new DaybookError('busy', `${limits.verifyQueueRequests} verifications wait already; try again later`);
    }
    clearTimeout(this.#idle);
    const key = this.#nextKey;
    this.#nextKey += 1;
    const { promise, resolve, reject } = Promise.withResolvers<VerifyReply>();
    this.#asked.set(key, { resolve, reject });
    this.#awake(this.#databasePath).send({ key, request } satisfies ToVerifier);
    return promise;
  }

  /** Ends the process, whatever it is doing. It only reads. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#idle);
    const child = this.#process;
    if (child === undefined) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  #awake(databasePath: string): ChildProcess {
    if (this.#process !== undefined) return this.#process;
    const child = fork(fileURLToPath(workerEntry(import.meta.url, 'verify-process')), [databasePath], {
      serialization: 'advanced',
      execArgv: ['--disable-warning=ExperimentalWarning', '--max-old-space-size=128'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const failed = (why: string) => {
      if (this.#process !== child) return;
      this.#process = undefined;
      const waiting = [...this.#asked.values()];
      this.#asked.clear();
      for (const { reject } of waiting) reject(new DaybookError('storage_error', `the verifying process ${why}`));
    };
    child.on('message', (message: FromVerifier) => this.#settle(message));
    child.on('error', (error) => failed(`failed: ${error.message}`));
    child.on('exit', (exitCode, signal) => failed(`ended (${signal ?? exitCode})`));
    this.#process = child;
    return child;
  }

  #settle(message: FromVerifier): void {
    const asked = this.#asked.get(message.key);
    if (asked === undefined) return;
    this.#asked.delete(message.key);
    if (this.#asked.size === 0 && !this.#isClosed) {
      this.#idle = setTimeout(() => this.#sleep(), limits.verifyIdleMs).unref();
    }
    if ('error' in message) {
      asked.reject(errorFromBody(message.error));
      return;
    }
    const { structure = 'ok' } = message.reply;
    if (structure !== 'ok') this.#onDamage();
    asked.resolve(message.reply);
  }

  #sleep(): void {
    const child = this.#process;
    this.#process = undefined;
    // It ends when it is alone.
    child?.disconnect();
  }
}
