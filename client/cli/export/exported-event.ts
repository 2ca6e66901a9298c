import type { Json, StoredEvent } from '../../../shared/event.ts';

/** An event as it was sent: its id belongs to one database. */
export interface ExportedEvent {
  type: string;
  source: string;
  timestamp: number;
  action?: string;
  data: { [key: string]: Json };
}

export function exported({ type, source, timestamp, action, data }: StoredEvent): ExportedEvent {
  return { type, source, timestamp, ...(action !== undefined && { action }), data };
}
