import { DaybookError } from '../../../shared/errors.ts';
import type { SampleFigures, StoreSampleRequest } from '../../../shared/messages/samples.ts';
import type { Client } from '../../client.ts';
import { numberAfter } from './number-after.ts';
import type { OldDatabase } from './old-database.ts';
import { type Counts, noCounts, type Refusals } from './totals.ts';

/** Stores the samples of a database that the daemon does not have already. @throws DaybookError */
export async function importSamples(client: Client, database: OldDatabase, refusals: Refusals): Promise<Counts> {
  const counts = noCounts();
  for (const { id, timestamp, ...figures } of database.samples()) {
    try {
      // The daemon checks what it is sent.
      const isThere = await hasSample(client, timestamp as number, figures as SampleFigures);
      if (!isThere) await client.storeSample({ timestamp, ...figures } as StoreSampleRequest);
      counts[isThere ? 'duplicate' : 'stored'] += 1;
    } catch (error) {
      if (!(error instanceof DaybookError) || error.retryable || error.code === 'persistence_disabled') throw error;
      counts.rejected += 1;
      refusals.add({ place: { unit: 'sample', number: id }, code: error.code, message: error.message });
    }
  }
  return counts;
}

async function hasSample(client: Client, timestamp: number, figures: SampleFigures): Promise<boolean> {
  const names = Object.keys(figures) as (keyof SampleFigures)[];
  for await (const stored of client.samples({ since: timestamp, until: numberAfter(timestamp) })) {
    if (names.every((name) => stored[name] === figures[name])) return true;
  }
  return false;
}
