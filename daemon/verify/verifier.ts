import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { limits } from '../../shared/limits.ts';
import { errorFromBody } from '../../shared/messages/error-body.ts';
import type { VerifyReply, VerifyRequest } from '../../shared/messages/verify.ts';
import { programFile } from '../../shared/program-file.ts';
import { Questions } from '../query/questions.ts';
import type { FromVerifier, ToVerifier } from './verify-messages.ts';

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
  readonly #onWrongIndex: () => void;
  readonly #questions: Questions;
  #process: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;

  /**
   * @param databasePath undefined when the daemon stores nothing: then every request is refused
   * @param onDamage told when the file is not built as it must be
   * @param onWrongIndex told when the search index does not agree with the events
   */
  constructor(
    databasePath: string | undefined,
    onDamage: () => void = () => undefined,
    onWrongIndex: () => void = () => undefined,
  ) {
    this.#databasePath = databasePath;
    this.#onDamage = onDamage;
    this.#onWrongIndex = onWrongIndex;
    this.#questions = new Questions({
      isPersisting: databasePath !== undefined,
      bound: limits.verifyQueueRequests,
      name: 'verifications',
    });
  }

  /** Process id while there is a process. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** @throws DaybookError `busy`, `shutting_down`, `persistence_disabled`, or `storage_error` */
  async check(request: VerifyRequest): Promise<VerifyReply> {
    const { key, answer } = this.#questions.open<VerifyReply>();
    clearTimeout(this.#idle);
    this.#awake().send({ key, request } satisfies ToVerifier);
    return answer;
  }

  /** Ends the process, whatever it is doing. It only reads. */
  async close(): Promise<void> {
    this.#questions.close();
    this.#isClosed = true;
    clearTimeout(this.#idle);
    const child = this.#process;
    if (child === undefined) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  #awake(): ChildProcess {
    if (this.#process !== undefined) return this.#process;
    const child = fork(fileURLToPath(programFile('daemon/verify/verify-process')), [this.#databasePath ?? ''], {
      serialization: 'advanced',
      execArgv: ['--disable-warning=ExperimentalWarning', '--max-old-space-size=128'],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const failed = (why: string) => {
      if (this.#process !== child) return;
      this.#process = undefined;
      this.#questions.failAll(`the verifying process ${why}`);
    };
    child.on('message', (message: FromVerifier) => this.#settle(message));
    child.on('error', (error) => failed(`failed: ${error.message}`));
    child.on('exit', (exitCode, signal) => failed(`ended (${signal ?? exitCode})`));
    this.#process = child;
    return child;
  }

  #settle(message: FromVerifier): void {
    if ('error' in message) this.#questions.refuse(message.key, errorFromBody(message.error));
    else {
      const { structure = 'ok', search } = message.reply;
      if (structure !== 'ok') this.#onDamage();
      if (search !== undefined && search.wrong.length > 0) this.#onWrongIndex();
      this.#questions.answer(message.key, message.reply);
    }
    if (this.#questions.underWay === 0 && !this.#isClosed) {
      clearTimeout(this.#idle);
      this.#idle = setTimeout(() => this.#sleep(), limits.verifyIdleMs).unref();
    }
  }

  #sleep(): void {
    const child = this.#process;
    this.#process = undefined;
    // It ends when it is alone.
    child?.disconnect();
  }
}
