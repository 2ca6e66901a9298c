import type { StoredEvent } from '../../../shared/event.ts';
import type { Client } from '../../client.ts';
import { counted, Progress, wholeNumber } from '../output.ts';
import { containsText, isPatternSelected, type Selection } from './selection.ts';

/** What matches, as it was when it was looked for: nothing that comes later is among it. */
export interface Found {
  ids: number[];
  byType: Map<string, number>;
  /** The first few, for people to see. */
  shown: StoredEvent[];
  patternIds: number[];
  /** Events that may match and cannot be read. */
  damaged: number[];
}

const SHOWN = 5;

/** Looks for everything that is selected. @throws DaybookError */
export async function findSelected(client: Client, selection: Selection): Promise<Found> {
  const found: Found = { ids: [], byType: new Map(), shown: [], patternIds: [], damaged: [] };
  const progress = new Progress();
  let looked = 0;
  try {
    for await (const { events, damaged } of pagesOf(client, selection)) {
      looked += events.length;
      for (const event of events) {
        if (selection.contains !== undefined && !containsText(event, selection.contains)) continue;
        found.ids.push(event.id);
        found.byType.set(event.type, (found.byType.get(event.type) ?? 0) + 1);
        if (found.shown.length < SHOWN) found.shown.push(event);
      }
      // Who names an event by its id need not be able to read it.
      if (selection.ids.length > 0) found.ids.push(...damaged);
      else found.damaged.push(...damaged);
      progress.show(`${counted(looked, 'event')} looked at, ${wholeNumber(found.ids.length)} found`);
    }
    if (selection.query !== undefined || selection.contains !== undefined) {
      for await (const pattern of client.patterns()) {
        if (isPatternSelected(pattern, selection)) found.patternIds.push(pattern.id);
      }
    }
  } finally {
    progress.clear();
  }
  return found;
}

type Page = { events: StoredEvent[]; damaged: number[] };

async function* pagesOf(client: Client, { filter, query, ids }: Selection): AsyncGenerator<Page, void, undefined> {
  if (ids.length > 0) yield* eventsWithIds(client, ids);
  else if (query !== undefined) yield* client.searchPages(query, filter);
  else yield* client.pages({ ...filter, order: 'asc', snapshot: true });
}

/** A tail behind the id before reads one event, however many there are. */
async function* eventsWithIds(client: Client, ids: readonly number[]): AsyncGenerator<Page, void, undefined> {
  const { databaseId } = await client.ready();
  const newest = (await client.status()).last_id;
  for (const id of new Set(ids)) {
    if (id > newest) continue;
    const damaged: number[] = [];
    const tail = client.tail({
      after: { databaseId, id: id - 1 },
      follow: false,
      onReset: () => undefined,
      onDamaged: (damagedId) => damaged.push(damagedId),
    });
    const { value: event, done } = await tail.next();
    await tail.return?.();
    if (damaged.includes(id)) yield { events: [], damaged: [id] };
    else yield { events: done !== true && event.id === id ? [event] : [], damaged: [] };
  }
}
