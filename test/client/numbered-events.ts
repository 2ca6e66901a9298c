import type { Client, EventInput, StoredEvent } from '../../client/index.ts';

/** Events that say which one they are, in `data.n` and in their timestamp. */
export function numbered(n: number): EventInput & { timestamp: number; data: { [key: string]: unknown } } {
  return { type: 'note', source: 'test', timestamp: 1_000_000 + n, action: 'count', data: { n } };
}

export function numberedFrom(from: number, count: number): ReturnType<typeof numbered>[] {
  return Array.from({ length: count }, (_, index) => numbered(from + index));
}

/** Which ones these are. */
export function numbersOf(events: readonly StoredEvent[]): unknown[] {
  return events.map(({ data }) => data['n']);
}

/** 0, 1, 2, … */
export function countTo(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

/** Which ones are stored, in the order in which they arrived. */
export async function storedNumbers(client: Client): Promise<unknown[]> {
  const events = await Array.fromAsync(client.events());
  return numbersOf(events.toSorted((a, b) => a.id - b.id));
}
