import * as fc from 'fast-check';
import { randomInt } from 'node:crypto';
import type { TestContext } from 'node:test';

/** Repeat a run with DAYBOOK_TEST_SEED=<seed>; look longer with DAYBOOK_TEST_FACTOR=10. */
export const seed = Number(process.env['DAYBOOK_TEST_SEED'] ?? randomInt(2 ** 31));
const factor = Number(process.env['DAYBOOK_TEST_FACTOR'] ?? 1);

/** Checks a property on `runs` random inputs, and says which seed they came from. */
export async function checkProperty<Values>(
  t: TestContext,
  property: fc.IProperty<Values> | fc.IAsyncProperty<Values>,
  runs: number,
): Promise<void> {
  t.diagnostic(`DAYBOOK_TEST_SEED=${seed}`);
  await fc.assert(property as fc.IAsyncProperty<Values>, { seed, numRuns: Math.ceil(runs * factor) });
}

/** Numbers in [min, max] that the seed decides, for tests that need a few and no shrinking. */
export function seededIntegers(t: TestContext, count: number, min: number, max: number): number[] {
  t.diagnostic(`DAYBOOK_TEST_SEED=${seed}`);
  return fc.sample(fc.noBias(fc.integer({ min, max })), { seed, numRuns: count });
}
