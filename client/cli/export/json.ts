import type { EventFilter } from '../../../shared/messages/filter.ts';
import { exported } from './exported-event.ts';
import type { EventPages, Parts } from './formats.ts';

/** One document, an event a line: `{"export_time", "range": {"since", "until"}, "events": […], "total_events"}`. */
export async function* json(pages: EventPages, { since = null, until = null }: Nullable<EventFilter>): Parts {
  const range = JSON.stringify({ since, until });
  yield `{"export_time":${JSON.stringify(new Date().toISOString())},"range":${range},"events":[`;
  let total = 0;
  for await (const events of pages) {
    if (events.length === 0) continue;
    const lines = events.map((event) => JSON.stringify(exported(event)));
    yield `${total > 0 ? ',' : ''}\n${lines.join(',\n')}`;
    total += lines.length;
  }
  yield `\n],"total_events":${total}}\n`;
}

type Nullable<Type> = { [Key in keyof Type]: Type[Key] | null };
