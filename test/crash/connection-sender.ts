import type { Receipt } from '../../client/index.ts';
import type { Ledger } from '../harness/ledger.ts';
import { RawClient } from '../harness/raw-client.ts';
import type { RandomEvents } from './random-events.ts';
import { Sender } from './sender.ts';
import type { Succession } from './succession.ts';

/** One that speaks the protocol by itself, and connects anew to each daemon. */
export abstract class ConnectionSender extends Sender {
  readonly name: string;
  protected readonly ledger: Ledger;
  protected readonly source: RandomEvents;
  readonly #succession: Succession;

  constructor(name: string, succession: Succession, ledger: Ledger, source: RandomEvents) {
    super();
    this.name = name;
    this.ledger = ledger;
    this.source = source;
    this.#succession = succession;
  }

  /** Whether something it sent has no receipt yet. */
  protected abstract get isOwed(): boolean;

  protected get isDone(): boolean {
    return this.isAbandoned || (this.isSettling && !this.isOwed);
  }

  protected async send(): Promise<void> {
    while (!this.isDone) {
      await this.#succession.up();
      const client = await RawClient.open(this.#succession.paths.socket).catch(() => undefined);
      if (client === undefined) continue;
      client.send('hello', 0, { protocol: { min: 1, max: 1 }, client: { name: this.name, pid: process.pid } });
      await this.converse(client);
      client.destroy();
    }
  }

  /** Sends what has no receipt, then goes on, until the connection or the work ends. */
  protected abstract converse(client: RawClient): Promise<void>;

  /** @throws when the daemon refuses something */
  protected receiptIn({ kind, body }: { kind: string; body: unknown }): Receipt {
    if (kind !== 'reply') throw new Error(`${this.name} got ${kind}: ${JSON.stringify(body)}`);
    return body as Receipt;
  }
}
