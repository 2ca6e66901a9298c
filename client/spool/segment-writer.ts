import {
  close,
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  unlinkSync,
  writeSync,
} from 'node:fs';

const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_APPEND | constants.O_NOFOLLOW;

/**
 * Appends to one new segment. What is appended survives the end of the process at once, and power loss after `sync` or
 * `finish`.
 */
export class SegmentWriter {
  readonly #fd: number;
  /** Bytes in the file. */
  size = 0;

  /** @throws the system's error; then there is no file */
  constructor(path: string, header: Buffer) {
    this.#fd = openSync(path, FLAGS, 0o600);
    try {
      this.append(header);
    } catch (error) {
      closeSync(this.#fd);
      unlinkSync(path);
      throw error;
    }
  }

  /** All or nothing. @throws the system's error */
  append(bytes: Buffer): void {
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#fd, bytes, written);
    } catch (error) {
      // Where this fails too, a torn record is left: readers pass over it.
      if (written > 0) ftruncateSync(this.#fd, this.size);
      throw error;
    }
    this.size += written;
  }

  /** Waits until the disk has it. */
  sync(): void {
    fdatasyncSync(this.#fd);
  }

  /** Closes the file when the disk has it, without waiting. */
  finish(): void {
    fdatasync(this.#fd, () => this.close());
  }

  close(): void {
    close(this.#fd, () => undefined);
  }
}
