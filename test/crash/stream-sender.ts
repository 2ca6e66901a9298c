import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '../../client/index.ts';
import type { Ledger } from '../harness/ledger.ts';
import { ClientSender } from './client-sender.ts';
import type { RandomEvents, SentEvent } from './random-events.ts';

const BURSTS_PER_FLUSH = 6;

/** Records in bursts without waiting, as a capture process does, and asks now and then whether all has arrived. */
export class StreamSender extends ClientSender {
  readonly #source: RandomEvents;
  #rejected = 0;

  constructor(name: string, client: Client, ledger: Ledger, source: RandomEvents) {
    super(name, client, ledger);
    this.#source = source;
  }

  protected override check(): void {
    const { recorded, stored, duplicate, rejected, dropped } = this.client.counters;
    assert.deepEqual([stored + duplicate, rejected, dropped], [recorded - this.#rejected, this.#rejected, 0]);
  }

  protected async sendSome(): Promise<void> {
    const good: SentEvent[] = [];
    const refused: SentEvent[] = [];
    for (let burst = 0; burst < BURSTS_PER_FLUSH; burst += 1) {
      const events = this.#source.batch(1, 30);
      const bad = this.#source.chance(0.2) ? [this.#source.refused()] : [];
      good.push(...events);
      refused.push(...bad);
      const all = [...bad, ...events];
      this.ledger.sent(all);
      for (const event of all) assert.ok(this.client.record(event));
      await pause(this.#source.integer(0, 10));
    }
    await this.client.flush();
    this.ledger.acked(good);
    this.#rejected += refused.length;
    this.ledger.rejected(refused);
  }
}
