import { describe, test, type TestContext } from 'node:test';
import * as fc from 'fast-check';
import { checkProperty } from '../harness/property.ts';
import { attacks } from './attack.ts';
import { FuzzedDaemon } from './fuzzed-daemon.ts';
import { runs } from './runs.ts';
import { withShortestTurns } from './shortest-turns.ts';

// A daemon that has failed once tells nothing about smaller attacks.
fc.configureGlobal({ endOnFailure: true });

async function fuzz(t: TestContext, nodeArguments: string[]): Promise<void> {
  const daemon = await FuzzedDaemon.start(nodeArguments);
  try {
    const property = fc.asyncProperty(attacks, (list) => daemon.attack(list));
    await checkProperty(t, property, runs.daemon / 2);
    await daemon.check();
    t.diagnostic(`the slowest receipt of a bystander took ${daemon.slowestReceiptMs.toFixed(1)} ms`);
  } finally {
    t.diagnostic(await daemon.stop());
  }
}

describe('whatever it is sent, a daemon answers or says why not, and serves and stores for everybody else', () => {
  test('as it is', (t) => fuzz(t, []));

  test('when all of its turns are as short as can be', (t) => fuzz(t, withShortestTurns()));
});
