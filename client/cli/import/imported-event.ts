import { DaybookError } from '../../../shared/errors.ts';
import { type EventInput, eventFromEitherForm } from '../../../shared/event.ts';

/**
 * The event that was written as this value, canonical or flat. Its id is left out: it is good in its own database only.
 * Without a timestamp it is refused, because a second import would make it another event.
 * @throws DaybookError invalid_event, invalid_timestamp
 */
export function importedEvent(value: unknown): EventInput {
  const event = eventFromEitherForm(value);
  if (event['timestamp'] === undefined || event['timestamp'] === null) {
    throw new DaybookError('invalid_timestamp', "it has no timestamp ('daybook ingest' would give it one)");
  }
  const { id, ...withoutId } = event;
  // Checked by the daemon like everything else that is sent.
  return (Number.isSafeInteger(id) ? withoutId : event) as unknown as EventInput;
}
