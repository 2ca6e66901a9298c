import type { Client, Receipt } from '../../client/index.ts';
import type { Ledger } from './ledger.ts';

export interface NumberedEvent {
  type: string;
  source: string;
  timestamp: number;
  data: { n: number; text: string };
}

/** A client that writes down what it sent and what it was told of it. */
export class JudgedClient {
  readonly client: Client;
  readonly ledger: Ledger;
  readonly #source: string;
  readonly #text: string;
  #count = 0;

  /** @param text in each event; long ones fill a disk */
  constructor(client: Client, ledger: Ledger, options: { source?: string; text?: string } = {}) {
    this.client = client;
    this.ledger = ledger;
    this.#source = options.source ?? 'judged';
    this.#text = options.text ?? '';
  }

  /** New events, written down as sent. */
  events(count: number): NumberedEvent[] {
    const timestamp = Date.now() / 1000;
    const events = Array.from({ length: count }, () => {
      this.#count += 1;
      return { type: 't', source: this.#source, timestamp, data: { n: this.#count, text: this.#text } };
    });
    this.ledger.sent(events);
    return events;
  }

  /** Sends events that fit into one frame and writes down their receipt. Rejects like the client does; the outcome is unknown then. */
  async send(
    events: readonly NumberedEvent[] = this.events(10),
    durability: 'committed' | 'flushed' = 'committed',
  ): Promise<Receipt> {
    try {
      const receipt = await this.client.recordBatch(events, { durability });
      this.ledger.receipt(events, receipt);
      return receipt;
    } catch (error) {
      this.ledger.interrupted();
      throw error;
    }
  }
}
