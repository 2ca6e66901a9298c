import type { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { limits } from '../../../shared/limits.ts';

/**
 * Made anew in each connection. LEFT JOIN, though every event has a type and a source: so the events themselves stay the
 * first to be looked at, in their own order, unless a condition asks for a name.
 */
const VIEW = `CREATE TEMP VIEW readable AS SELECT
  event.id AS id,
  event.timestamp AS timestamp,
  strftime('%Y-%m-%d %H:%M:%f', event.timestamp, 'unixepoch', 'localtime') AS time,
  type.text AS type,
  source.text AS source,
  action.text AS action,
  CASE typeof(event.data) WHEN 'blob' THEN gunzip(event.data) ELSE event.data END AS data,
  event.processed AS processed
FROM main.event
LEFT JOIN main.name AS type ON type.kind = 'type' AND type.id = event.type_id
LEFT JOIN main.name AS source ON source.kind = 'source' AND source.id = event.source_id
LEFT JOIN main.name AS action ON action.kind = 'action' AND action.id = event.action_id`;

/** Adds the function `gunzip(blob)` and the view `readable`: the events with local times and all data as JSON text. */
export function addReadableView(db: DatabaseSync): void {
  db.function('gunzip', { deterministic: true, useBigIntArguments: true }, (kept) =>
    kept instanceof Uint8Array ? unpacked(kept) : null,
  );
  db.exec(VIEW);
}

function unpacked(kept: Uint8Array): string {
  try {
    return gunzipSync(kept, { maxOutputLength: limits.payloadJsonBytes }).toString('utf8');
  } catch (cause) {
    throw new Error("the data of an event is damaged; 'daybook verify' says of which", { cause });
  }
}
