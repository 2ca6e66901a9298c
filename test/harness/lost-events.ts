import assert from 'node:assert/strict';
import type { Gap } from '../../shared/messages/gaps.ts';
import type { Ledger } from './ledger.ts';

/**
 * Holds a database that has lost acknowledged events against what clients were told, and against what it says itself: as
 * many are missing as its gaps count, and nothing else is wrong.
 */
export function assertGapsCountWhatIsLost(ledger: Ledger, databasePath: string, gaps: readonly Gap[]): void {
  const lost = gaps.reduce((sum, { count }) => sum + count, 0);
  const offences = ledger.judge(databasePath).filter(({ what }) => !/^a gap|^a counter of ids/.test(what));
  const others = offences.filter(({ kind }) => kind !== 'missing');
  assert.deepEqual(others.slice(0, 10), []);
  assert.equal(offences.length, lost, `${offences.length} events are gone, and the gaps count ${lost}`);
  assert.ok(lost > 0);
}
