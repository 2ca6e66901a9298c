import { createHash } from 'node:crypto';
import { DaybookError } from '../../../shared/errors.ts';
import type { StorePatternRequest } from '../../../shared/messages/store-pattern.ts';
import type { Client } from '../../client.ts';
import type { OldDatabase, PatternRow } from './old-database.ts';
import { storedIdOf } from './stored-id.ts';
import { type Counts, noCounts, type Refusals } from './totals.ts';

/**
 * Stores the patterns of a database whose events are stored, each at the event it was found at. Patterns have no
 * identity in the daemon, so those that it has already are looked at first, and as many equal ones are not stored again.
 * @throws DaybookError when the daemon cannot be asked
 */
export async function importPatterns(client: Client, database: OldDatabase, refusals: Refusals): Promise<Counts> {
  const counts = noCounts();
  let known: Map<string, number> | undefined;
  for (const row of database.patterns()) {
    known ??= await knownPatterns(client);
    // The daemon checks what it is sent.
    const pattern = (await patternOf(client, database, row)) as StorePatternRequest;
    const key = keyOf(pattern);
    const left = known.get(key) ?? 0;
    if (left > 0) {
      known.set(key, left - 1);
      counts.duplicate += 1;
      continue;
    }
    try {
      await client.storePattern(pattern);
      counts.stored += 1;
    } catch (error) {
      if (!(error instanceof DaybookError) || error.retryable || error.code === 'persistence_disabled') throw error;
      counts.rejected += 1;
      refusals.add({ place: { unit: 'pattern', number: row.id }, code: error.code, message: error.message });
    }
  }
  return counts;
}

async function patternOf(client: Client, database: OldDatabase, row: PatternRow): Promise<object> {
  const { eventId: oldId, patternType, confidence, patternData, embryoId } = row;
  const event = oldId === null ? undefined : database.event(oldId);
  // An event that was deleted, or refused, leaves its patterns behind without one.
  const eventId = event && (await storedIdOf(client, event));
  return {
    ...(eventId !== undefined && { eventId }),
    patternType,
    confidence,
    patternData,
    ...(embryoId !== null && { embryoId }),
  };
}

/** How many equal patterns there are of each. */
async function knownPatterns(client: Client): Promise<Map<string, number>> {
  const known = new Map<string, number>();
  for await (const { eventId, embryoId, ...pattern } of client.patterns()) {
    const key = keyOf({ ...pattern, ...(eventId !== null && { eventId }), ...(embryoId !== null && { embryoId }) });
    known.set(key, (known.get(key) ?? 0) + 1);
  }
  return known;
}

function keyOf({ eventId, patternType, confidence, patternData, embryoId }: StorePatternRequest): string {
  const text = JSON.stringify([eventId ?? null, patternType, confidence, patternData, embryoId ?? null]);
  return createHash('sha256').update(text).digest('base64');
}
