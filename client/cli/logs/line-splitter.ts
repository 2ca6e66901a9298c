/** Bytes to lines: a line is complete with its line feed, whatever pieces it comes in. */
export class LineSplitter {
  #rest: Buffer = Buffer.alloc(0);

  take(bytes: Buffer): string[] {
    const all = Buffer.concat([this.#rest, bytes]);
    const end = all.lastIndexOf(0x0a);
    if (end < 0) {
      this.#rest = all;
      return [];
    }
    this.#rest = Buffer.from(all.subarray(end + 1));
    return all.subarray(0, end).toString('utf8').split('\n');
  }

  /** What has no end yet will get none. */
  clear(): void {
    this.#rest = Buffer.alloc(0);
  }
}
