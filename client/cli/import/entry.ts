import { DaybookError, type ErrorCode } from '../../../shared/errors.ts';
import type { EventInput } from '../../../shared/event.ts';

/** Where in an input something stands. */
export interface Place {
  readonly unit: 'line' | 'event' | 'row' | 'pattern' | 'sample';
  /** From 1, or the id of a row. */
  readonly number: number;
  /** The bucket whose event it is. */
  readonly bucket?: string;
}

/** Why something of an input is not stored. */
export interface Refusal {
  readonly place: Place;
  readonly code: ErrorCode;
  readonly message: string;
}

/** One thing of an input: an event, or why it is none. */
export type Entry =
  | { readonly place: Place; readonly event: EventInput /** It was read from so many. */; readonly bytes: number }
  | Refusal;

/** The entry that `read` makes; undefined when there is nothing to read. */
export function entryOf(place: Place, bytes: number, read: () => EventInput | undefined): Entry | undefined {
  try {
    const event = read();
    return event && { place, event, bytes };
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error;
    return { place, code: error.code, message: error.message };
  }
}

export function placeText({ unit, number, bucket }: Place): string {
  return bucket === undefined ? `${unit} ${number}` : `${bucket}, ${unit} ${number}`;
}
