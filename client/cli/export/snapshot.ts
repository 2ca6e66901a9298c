import type { StoredEvent } from '../../../shared/event.ts';
import type { EventFilter } from '../../../shared/messages/filter.ts';
import type { StatsReply } from '../../../shared/messages/stats.ts';
import type { Client } from '../../client.ts';
import { sayDamaged } from '../damaged.ts';

type Asked = Pick<Client, 'stats' | 'pages' | 'count'>;

/** What is there at one moment: events that come later are left out, those that are deleted meanwhile are counted. */
export class Snapshot {
  readonly #client: Asked;
  readonly #filter: EventFilter;
  readonly #start: StatsReply;

  private constructor(client: Asked, filter: EventFilter, start: StatsReply) {
    this.#client = client;
    this.#filter = filter;
    this.#start = start;
  }

  static async take(client: Asked, filter: EventFilter): Promise<Snapshot> {
    return new Snapshot(client, filter, await client.stats());
  }

  /** How many events match, give or take what comes and goes meanwhile; undefined when only reading them would tell. */
  async expectedEvents(): Promise<number | undefined> {
    const { where, processed, ...countable } = this.#filter;
    if (where !== undefined || processed !== undefined) return undefined;
    try {
      const [all] = await this.#client.count({ ...countable, onDamaged: () => undefined });
      return all?.count;
    } catch {
      // It goes without.
      return undefined;
    }
  }

  /** The events that match, oldest first. Damaged ones are left out and named, unless said otherwise. */
  async *pages(onDamaged = sayDamaged): AsyncGenerator<StoredEvent[], void, undefined> {
    const maxId = this.#start.database_stats.last_id;
    for await (const page of this.#client.pages({ ...this.#filter, order: 'asc', snapshot: true, maxId })) {
      yield page.events;
      page.damaged.forEach((id) => onDamaged(id));
    }
  }

  /** How many events were deleted since, for whatever reason. Nobody can tell how many of them match. */
  async deletedSince(): Promise<number> {
    // A daemon of an older version does not tell the highest id.
    return deleted(await this.#client.stats()) - deleted(this.#start) || 0;
  }
}

/** Ids are given without holes, so what is not there any more was deleted. */
function deleted({ database_stats: { last_id: lastId, total_events: totalEvents } }: StatsReply): number {
  return lastId - totalEvents;
}
