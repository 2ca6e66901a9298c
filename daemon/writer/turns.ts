/** Work of several senders: in order for each of them, and the senders in turn. */
export class Turns<Work> {
  readonly #lines = new Map<number, Line<Work>>();

  get isEmpty(): boolean {
    return this.#lines.size === 0;
  }

  push(sender: number, work: Work): void {
    const line = this.#lines.get(sender);
    if (line === undefined) this.#lines.set(sender, { works: [work], head: 0 });
    else line.works.push(work);
  }

  /** Whose turn it is, with what, and how much that sender has to do. */
  next(): { sender: number; work: Work; count: number } | undefined {
    for (const [sender, { works, head }] of this.#lines) {
      return { sender, work: works[head] as Work, count: works.length - head };
    }
    return undefined;
  }

  /** Ends the turn of a sender, whose work is done or goes on with its next turn. */
  end(sender: number, isDone: boolean): void {
    const line = this.#lines.get(sender);
    if (line === undefined) return;
    this.#lines.delete(sender);
    if (isDone) {
      line.head += 1;
      if (line.head === COMPACT_AFTER) {
        line.works.splice(0, line.head);
        line.head = 0;
      }
    }
    if (line.head < line.works.length) this.#lines.set(sender, line);
  }

  has(sender: number): boolean {
    return this.#lines.has(sender);
  }
}

/** One sender's work; what stands before `head` is done. */
interface Line<Work> {
  works: Work[];
  head: number;
}

/** Works done before their places are given back at once. */
const COMPACT_AFTER = 256;
