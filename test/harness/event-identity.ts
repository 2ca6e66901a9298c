import { hash } from 'node:crypto';

/** The five fields that make an event what it is. */
export interface IdentifiedEvent {
  type: unknown;
  source: unknown;
  timestamp: unknown;
  action?: unknown;
  data?: unknown;
}

/** The identity of an event as PROTOCOL.md tells others to compute it, by none of the daemon's own code: 32 hex digits. */
export function identityOf(event: IdentifiedEvent): string {
  const { type, source, timestamp, action = null, data = {} } = event;
  return hash('sha256', sortedJson({ type, source, timestamp, action, data }), 'hex').slice(0, 32);
}

function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${sortedJson(inner)}`).join(',')}}`;
}
