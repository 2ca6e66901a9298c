import { DaybookError } from '../../shared/errors.ts';

interface Asked {
  resolve: (answer: never) => void;
  reject: (error: Error) => void;
}

export interface QuestionsOptions {
  /** False when the daemon stores nothing: then every question is refused. */
  isPersisting: boolean;
  /** Questions under way at a time. */
  bound: number;
  /** What they are called in a refusal: `requests`. */
  name: string;
}

/** What was asked of a thread or process and has no answer yet, by a key that travels with the question. */
export class Questions {
  readonly #options: QuestionsOptions;
  readonly #asked = new Map<number, Asked>();
  #nextKey = 1;
  #isClosed = false;

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  get underWay(): number {
    return this.#asked.size;
  }

  /** @throws DaybookError `shutting_down`, `persistence_disabled`, `busy` */
  open<Answer>(): { key: number; answer: Promise<Answer> } {
    const { isPersisting, bound, name } = this.#options;
    if (this.#isClosed) throw new DaybookError('shutting_down', 'the daemon is going away');
    if (!isPersisting) {
      throw new DaybookError(
        'persistence_disabled',
        'this daemon is set to store nothing (enable_persistence is false)',
      );
    }
    if (this.#asked.size >= bound) {
      throw new DaybookError('busy', `${bound} ${name} wait already; try again later`);
    }
    const key = this.#nextKey;
    this.#nextKey += 1;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#asked.set(key, { resolve, reject });
    return { key, answer: promise };
  }

  /** An answer to nothing that is under way is passed over. */
  answer(key: number, answer: unknown): void {
    this.#take(key)?.resolve(answer as never);
  }

  refuse(key: number, error: DaybookError): void {
    this.#take(key)?.reject(error);
  }

  /** Nobody answers these any more. They may be asked again. */
  failAll(why: string): void {
    const waiting = [...this.#asked.values()];
    this.#asked.clear();
    for (const { reject } of waiting) reject(new DaybookError('storage_error', why));
  }

  /** Takes no more. */
  close(): void {
    this.#isClosed = true;
  }

  #take(key: number): Asked | undefined {
    const asked = this.#asked.get(key);
    this.#asked.delete(key);
    return asked;
  }
}
