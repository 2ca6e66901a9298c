import type { Json, StoredEvent } from '../../shared/event.ts';
import type { Condition, Scalar } from '../../shared/messages/condition.ts';

/** The conditions of a filter on values of an event, all of which must hold. */
export class EventConditions {
  readonly #conditions: readonly Condition[];
  /** Texts that stand in the JSON of every event for which the conditions hold. */
  readonly #traces: readonly string[];

  constructor(conditions: readonly Condition[]) {
    this.#conditions = conditions;
    this.#traces = [...new Set(conditions.flatMap(tracesOf))];
  }

  /** False when the JSON text of an event's data rules it out. Spares most events the parsing. */
  mayHold(dataJson: string): boolean {
    return this.#traces.every((trace) => dataJson.includes(trace));
  }

  hold(event: StoredEvent): boolean {
    return this.#conditions.every((condition) => holds(condition, event));
  }
}

/** Stored JSON is as `JSON.stringify` writes it, so that a text has one form only. */
function tracesOf({ path: [field, ...keys], op, value }: Condition): string[] {
  if (field !== 'data') return [];
  const names = keys.filter((key) => typeof key === 'string').map((key) => `${JSON.stringify(key)}:`);
  if (typeof value !== 'string') return names;
  const text = JSON.stringify(value);
  if (op === '=') return [...names, text];
  return op === '~' ? [...names, text.slice(1, -1)] : names;
}

function holds({ path, op, value: wanted }: Condition, event: StoredEvent): boolean {
  const value = valueAt(event, path);
  if (value === undefined) return false;
  switch (op) {
    case 'exists':
      return true;
    case '=':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case '~':
      return contains(value, wanted);
    default:
      return sorts(value, op, wanted);
  }
}

function valueAt(event: StoredEvent, path: readonly (string | number)[]): Json | undefined {
  let value: unknown = event;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    // Only what the event has: not `length`, not `constructor`. A number is no key of a map.
    if (Array.isArray(value) !== (typeof key === 'number') || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value as Json | undefined;
}

function contains(value: Json, wanted: Scalar | undefined): boolean {
  if (typeof wanted !== 'string') return false;
  return (typeof value === 'string' || Array.isArray(value)) && value.includes(wanted);
}

function sorts(value: Json, op: '<' | '<=' | '>' | '>=', wanted: Scalar | undefined): boolean {
  const difference =
    typeof value === 'number' && typeof wanted === 'number'
      ? value - wanted
      : typeof value === 'string' && typeof wanted === 'string'
        ? order(value, wanted)
        : Number.NaN;
  switch (op) {
    case '<':
      return difference < 0;
    case '<=':
      return difference <= 0;
    case '>':
      return difference > 0;
    case '>=':
      return difference >= 0;
    default:
      return op satisfies never;
  }
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
