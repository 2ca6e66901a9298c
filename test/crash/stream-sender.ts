import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../client/index.ts';
import type { Ledger } from '../harness/ledger.ts';
import type { RandomEvents, SentEvent } from './random-events.ts';
import type { Sender } from './sender.ts';

const BURSTS_PER_FLUSH = 6;

/** Records in bursts without waiting, as a capture process does, and asks now and then whether all has arrived. */
export class StreamSender implements Sender {
  readonly name: string;
  readonly #client: Client;
  readonly #ledger: Ledger;
  readonly #source: RandomEvents;
  #rejected = 0;
  #isSettling = false;
  #running: Promise<void> = Promise.resolve();

  constructor(name: string, client: Client, ledger: Ledger, source: RandomEvents) {
    this.name = name;
    this.#client = client;
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
    const { recorded, stored, duplicate, rejected, dropped } = this.#client.counters;
    assert.deepEqual([stored + duplicate, rejected, dropped], [recorded - this.#rejected, this.#rejected, 0]);
    await this.#client.close();
  }

  abandon(): void {
    this.#isSettling = true;
    // What waits for a receipt is refused as closed.
    this.#client.close({ timeoutMs: 0 }).catch(() => undefined);
  }

  async #send(): Promise<void> {
    while (!this.#isSettling) {
      const good: SentEvent[] = [];
      const refused: SentEvent[] = [];
      for (let burst = 0; burst < BURSTS_PER_FLUSH; burst += 1) {
        const events = this.#source.batch(1, 30);
        const bad = this.#source.chance(0.2) ? [this.#source.refused()] : [];
        good.push(...events);
        refused.push(...bad);
        const all = [...bad, ...events];
        this.#ledger.sent(all);
        for (const event of all) assert.ok(this.#client.record(event));
        await pause(this.#source.integer(0, 10));
      }
      await this.#client.flush();
      this.#ledger.acked(good);
      this.#rejected += refused.length;
      this.#ledger.rejected(refused);
    }
  }
}
