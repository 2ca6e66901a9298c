/** A stream of which the beginning is known. */
export interface Begun {
  /** Its first bytes. */
  readonly head: Buffer;
  /** All of it. */
  readonly bytes: AsyncIterable<Buffer>;
  /** Ends it unread. */
  close(): Promise<void>;
}

/** Reads the first bytes of a stream: as many as are wanted, or all there are. */
export async function withHead(input: AsyncIterable<Buffer>, wantedBytes: number): Promise<Begun> {
  const iterator = input[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  let size = 0;
  let isEnded = false;
  while (size < wantedBytes && !isEnded) {
    const next = await iterator.next();
    if (next.done === true) isEnded = true;
    else {
      first.push(next.value);
      size += next.value.length;
    }
  }
  return {
    head: Buffer.concat(first).subarray(0, wantedBytes),
    bytes: all(),
    close: async () => void (await iterator.return?.()),
  };

  async function* all(): AsyncGenerator<Buffer, void, undefined> {
    try {
      yield* first;
      if (isEnded) return;
      for (;;) {
        const next = await iterator.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
}
