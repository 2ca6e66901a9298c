import { exported } from './exported-event.ts';
import type { EventPages, Parts } from './formats.ts';

/** One JSON map a line. */
export async function* ndjson(pages: EventPages): Parts {
  for await (const events of pages) yield events.map((event) => `${JSON.stringify(exported(event))}\n`).join('');
}
