import type { Json, StoredEvent } from '../event.ts';

/** A value of an event as text, and the keys that lead to it, places in lists left out. */
export interface EventText {
  path: readonly string[];
  text: string;
}

/** Everything in an event that is searched: its names, and each value of its data. Numbers and literals are as in JSON. */
export function eventTexts({ type, source, action, data }: Omit<StoredEvent, 'id' | 'timestamp'>): EventText[] {
  const texts = [
    { path: ['type'], text: type },
    { path: ['source'], text: source },
  ];
  if (action !== undefined) texts.push({ path: ['action'], text: action });
  collect(data, ['data'], texts);
  return texts;
}

function collect(value: Json, path: string[], into: EventText[]): void {
  if (typeof value !== 'object' || value === null) into.push({ path, text: String(value) });
  else if (Array.isArray(value)) for (const item of value) collect(item, path, into);
  else for (const [key, item] of Object.entries(value)) collect(item, [...path, key], into);
}
