import { pack } from './msgpack.ts';
import { RawClient } from './raw-client.ts';
import { waitFor } from './wait-for.ts';

interface Answer {
  kind: string;
  /** Of a reply or an error, with what tests look at. */
  body: {
    stored: number;
    duplicate: number;
    rejected: { index: number; code: string }[];
    code: string;
    message: string;
    events: { id: number; timestamp: number; type: string; source: string; action?: string; data: unknown }[];
    damaged: number[];
  };
}

/** One connection that sends request after request, from trees of raw msgpack, and is still there afterwards. */
export class RawRecorder {
  readonly raw: RawClient;
  #requestId = 1;

  private constructor(raw: RawClient) {
    this.raw = raw;
  }

  static async open(path: string): Promise<RawRecorder> {
    return new RawRecorder(await RawClient.greet(path));
  }

  async ask(kind: string, body: unknown): Promise<Answer> {
    this.#requestId += 1;
    this.raw.sendBody(kind, this.#requestId, pack(body));
    const requestId = this.#requestId;
    return waitFor(`an answer to ${kind}`, () => {
      const answer = this.raw.frames.find((frame) => frame.requestId === requestId);
      if (answer === undefined && this.raw.isClosed)
        throw new Error(`closed: ${JSON.stringify(this.raw.frames.at(-1))}`);
      return answer as Answer | undefined;
    });
  }

  /** The codes with which events are rejected, by position; undefined for one that is taken. */
  async codesOf(events: readonly unknown[]): Promise<(string | undefined)[]> {
    const { body } = await this.ask('record', { events });
    return events.map((_, index) => body.rejected.find((rejection) => rejection.index === index)?.code);
  }
}
