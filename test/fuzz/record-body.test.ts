// With native string extraction, as in the writer thread.
// oxlint-disable-next-line import/no-unassigned-import
import 'msgpackr';
import { describe, test } from 'node:test';
import { nameEvents } from '../../daemon/writer/name-events.ts';
import { prepareRecordBody } from '../../daemon/prepare/prepare-events.ts';
import { checkProperty } from '../harness/property.ts';
import { importWith } from './mutant.ts';
import { type RecordModules, recordBodyProperty } from './record-body-property.ts';
import { runs } from './runs.ts';
import { shortestTurns } from './shortest-turns.ts';

describe('any body of a record request is refused, or accounted for event by event and kept as it was sent', () => {
  test('read in one go', async (t) => {
    await checkProperty(t, recordBodyProperty({ prepareRecordBody, nameEvents }), runs.recordBody / 2);
  });

  test('read with a pause after each value', async (t) => {
    const preparation = (await importWith(shortestTurns.reading, 'daemon/prepare/prepare-events.ts')) as Pick<
      RecordModules,
      'prepareRecordBody'
    >;
    await checkProperty(t, recordBodyProperty({ ...preparation, nameEvents }), runs.recordBody / 2);
  });
});
