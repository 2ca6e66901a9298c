import { statSync } from 'node:fs';

const CHECK_AGAIN_MS = 1_000;

/** Tells whether the socket that we listen on is still where clients look for it. */
export class SocketFile {
  readonly #path: string;
  readonly #identity: string;
  #checkedMs = 0;

  /** @param path of a socket that is listened on */
  constructor(path: string) {
    this.#path = path;
    this.#identity = identityOf(path);
  }

  /** False when it was deleted or replaced. Looks at most once a second. */
  isThere(nowMs: number): boolean {
    if (nowMs - this.#checkedMs < CHECK_AGAIN_MS) return true;
    this.#checkedMs = nowMs;
    return identityOf(this.#path) === this.#identity;
  }
}

function identityOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 'none' : `${stat.dev}:${stat.ino}`;
}
