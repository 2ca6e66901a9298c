import type { Client } from '../../client/index.ts';
import type { Ledger } from '../harness/ledger.ts';
import { Sender } from './sender.ts';

/** One that sends with the client library, which goes on by itself when a daemon ends. */
export abstract class ClientSender extends Sender {
  readonly name: string;
  protected readonly client: Client;
  protected readonly ledger: Ledger;

  constructor(name: string, client: Client, ledger: Ledger) {
    super();
    this.name = name;
    this.client = client;
    this.ledger = ledger;
  }

  override async settle(): Promise<void> {
    await super.settle();
    this.check();
    await this.client.close();
  }

  override abandon(): void {
    super.abandon();
    // What waits for a receipt is refused as closed.
    this.client.close({ timeoutMs: 0 }).catch(() => undefined);
  }

  /** Whether the client has counted what it did. @throws AssertionError */
  protected check(): void {}

  protected async send(): Promise<void> {
    while (!this.isSettling) await this.sendSome();
  }

  /** Sends and awaits the receipts. */
  protected abstract sendSome(): Promise<void>;
}
