import { setTimeout as pause } from 'node:timers/promises';
import type { Receipt } from '../../client/index.ts';
import type { Ledger } from '../harness/ledger.ts';
import { RawClient } from '../harness/raw-client.ts';
import type { RandomEvents, SentEvent } from './random-events.ts';
import type { Sender } from './sender.ts';
import type { Succession } from './succession.ts';

const FRAMES_UNDER_WAY = 8;

/** Speaks the protocol by itself and lets the daemon hold its events back (`wait: false`), several requests at a time. */
export class RawSender implements Sender {
  readonly name: string;
  readonly #succession: Succession;
  readonly #ledger: Ledger;
  readonly #source: RandomEvents;
  /** Unanswered requests, in the order they were first sent. */
  readonly #pending = new Map<number, SentEvent[]>();
  #nextId = 1;
  #isSettling = false;
  #isAbandoned = false;
  #running: Promise<void> = Promise.resolve();

  constructor(name: string, succession: Succession, ledger: Ledger, source: RandomEvents) {
    this.name = name;
    this.#succession = succession;
    this.#ledger = ledger;
    this.#source = source;
  }

  run(): Promise<void> {
    this.#running = this.#send();
    return this.#running;
  }

  async settle(): Promise<void> {
    this.#isSettling = true;
    await this.#running;
  }

  abandon(): void {
    this.#isAbandoned = true;
  }

  get #isDone(): boolean {
    return this.#isAbandoned || (this.#isSettling && this.#pending.size === 0);
  }

  async #send(): Promise<void> {
    while (!this.#isDone) {
      await this.#succession.up();
      const client = await RawClient.open(this.#succession.paths.socket).catch(() => undefined);
      if (client === undefined) continue;
      client.send('hello', 0, { protocol: { min: 1, max: 1 }, client: { name: this.name, pid: process.pid } });
      for (const [id, events] of this.#pending) client.send('record', id, { events, wait: false });
      while (!client.isClosed && !this.#isDone) {
        if (!this.#isSettling) this.#fill(client);
        await pause(1);
        for (const { kind, requestId, body } of client.frames.splice(0)) this.#receive(kind, requestId, body);
      }
      client.destroy();
    }
  }

  #fill(client: RawClient): void {
    while (this.#pending.size < FRAMES_UNDER_WAY) {
      const events = this.#source.batch(1, 10);
      this.#ledger.sent(events);
      this.#pending.set(this.#nextId, events);
      client.send('record', this.#nextId, { events, wait: false });
      this.#nextId += 1;
      if (!this.#source.chance(0.2)) continue;
      client.send('flush', this.#nextId, {});
      this.#nextId += 1;
    }
  }

  #receive(kind: string, requestId: number, body: unknown): void {
    if (kind !== 'reply') throw new Error(`${this.name} got ${kind}: ${JSON.stringify(body)}`);
    const events = this.#pending.get(requestId);
    if (events === undefined) return;
    this.#pending.delete(requestId);
    this.#ledger.receipt(events, body as Receipt);
  }
}
