import { DaybookError } from '../../../shared/errors.ts';
import type { EventInput } from '../../../shared/event.ts';
import type { Receipt } from '../../../shared/messages/record.ts';
import type { Client } from '../../client.ts';
import type { Entry, Place } from './entry.ts';
import { noCounts, Refusals } from './totals.ts';

/** What is awaited together, and how many such batches are under way at a time. */
const BATCH_EVENTS = 500;
const BATCH_BYTES = 1024 * 1024;
const BATCHES_UNDER_WAY = 4;

export interface SubmissionOptions {
  /** Told after each receipt. */
  onReceipt?: () => void;
  /** Fail when the daemon keeps nothing. */
  mustPersist?: boolean;
}

/** Sends entries in batches, a bounded number at a time, and adds up their receipts. */
export class Submission {
  readonly counts = noCounts();
  readonly refusals: Refusals;
  readonly #client: Client;
  readonly #options: SubmissionOptions;
  readonly #underWay = new Set<Promise<void>>();
  #events: EventInput[] = [];
  #places: Place[] = [];
  #bytes = 0;
  #failure: unknown;

  constructor(client: Client, options: SubmissionOptions = {}, refusals = new Refusals()) {
    this.#client = client;
    this.#options = options;
    this.refusals = refusals;
  }

  /** Takes one entry, waiting while enough is under way. @throws why an earlier one could not be delivered */
  async add(entry: Entry): Promise<void> {
    if ('code' in entry) {
      this.counts.rejected += 1;
      this.refusals.add(entry);
      return;
    }
    this.#events.push(entry.event);
    this.#places.push(entry.place);
    this.#bytes += entry.bytes;
    if (this.#events.length >= BATCH_EVENTS || this.#bytes >= BATCH_BYTES) await this.send();
  }

  /** Sends what is gathered. @throws as add */
  async send(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#events.length === 0) return;
    const places = this.#places;
    const delivery = this.#client
      .recordBatch(this.#events)
      .then((receipt) => this.#settle(receipt, places))
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#underWay.delete(delivery));
    this.#underWay.add(delivery);
    this.#events = [];
    this.#places = [];
    this.#bytes = 0;
    if (this.#underWay.size >= BATCHES_UNDER_WAY) await Promise.race(this.#underWay);
  }

  /** Sends the rest; resolves when all of it has its receipt. @throws why some has none */
  async finish(): Promise<void> {
    try {
      await this.send();
    } finally {
      await Promise.all(this.#underWay);
      this.refusals.sort();
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  #settle({ stored, duplicate, rejected, persisted }: Receipt, places: readonly Place[]): void {
    if (this.#options.mustPersist && !persisted) {
      throw new DaybookError('persistence_disabled', 'the daemon is configured to store nothing');
    }
    this.counts.stored += stored;
    this.counts.duplicate += duplicate;
    this.counts.rejected += rejected.length;
    for (const { index, code, message } of rejected) {
      const place = places[index];
      if (place !== undefined) this.refusals.add({ place, code, message });
    }
    this.#options.onReceipt?.();
  }
}

/**
 * Sends all entries. What had been read when the input failed is sent all the same.
 * @throws why not all of it was read and delivered
 */
export async function submitAll(submission: Submission, entries: AsyncIterable<Entry>): Promise<void> {
  try {
    for await (const entry of entries) await submission.add(entry);
  } finally {
    await submission.finish();
  }
}
