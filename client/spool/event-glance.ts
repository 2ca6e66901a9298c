import { decode } from '../../shared/codec.ts';
import { limits } from '../../shared/limits.ts';

/** What can be said of an event that is gone. */
export interface EventGlance {
  source?: string;
  timestampSeconds?: number;
}

/** Source and time of an encoded event, as far as the daemon would take them. */
export function glanceAt(bytes: Uint8Array): EventGlance {
  try {
    return glanceOf(decode(bytes));
  } catch {
    return {};
  }
}

export function glanceOf(event: unknown): EventGlance {
  if (typeof event !== 'object' || event === null) return {};
  const { source, timestamp } = event as { source?: unknown; timestamp?: unknown };
  return {
    ...(isLabel(source) && { source }),
    ...(isTimestamp(timestamp) && { timestampSeconds: timestamp }),
  };
}

function isLabel(value: unknown): value is string {
  return (
    typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= limits.nameBytes && value.isWellFormed()
  );
}

function isTimestamp(value: unknown): value is number {
  return typeof value === 'number' && value >= limits.timestampMinSeconds && value < limits.timestampMaxSeconds;
}
