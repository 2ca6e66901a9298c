import { renameSync, statSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';

const CHECK_AGAIN_MS = 1_000;

/**
 * The socket under the name by which clients find it. A listener is bound to another name and published by renaming: the
 * system deletes the name a listener was bound to when it is closed, whoever it belongs to by then. A socket that somebody
 * else has made and handed over is theirs to delete.
 */
export class SocketFile {
  readonly #path: string;
  readonly #identity: string;
  readonly #isOurs: boolean;
  #checkedMs = 0;

  /**
   * @param path of a socket that is listened on
   * @param isOurs whether it is deleted at the end
   */
  constructor(path: string, isOurs = true) {
    this.#path = path;
    this.#isOurs = isOurs;
    this.#identity = identityOf(path);
  }

  /** Where to bind the listener. No longer than `daybook.sock`. */
  static bindingPath(path: string): string {
    return `${dirname(path)}/new.${process.pid}`;
  }

  /** Gives a listening socket its name. */
  static publish(bound: string, path: string): SocketFile {
    renameSync(bound, path);
    return new SocketFile(path);
  }

  /** False when it was deleted or replaced. Looks at most once a second. */
  isThere(nowMs: number): boolean {
    if (nowMs - this.#checkedMs < CHECK_AGAIN_MS) return true;
    this.#checkedMs = nowMs;
    return identityOf(this.#path) === this.#identity;
  }

  /** Deletes it, if it still is ours. */
  remove(): void {
    if (this.#isOurs && identityOf(this.#path) === this.#identity) unlinkSync(this.#path);
  }
}

function identityOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? 'none' : `${stat.dev}:${stat.ino}`;
}
