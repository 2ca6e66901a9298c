/** Fuzzing that finds nothing has to show that it would: each of these daemons must be caught. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { seed } from '../harness/property.ts';
import { attacks } from './attack.ts';
import { FuzzedDaemon } from './fuzzed-daemon.ts';
import { type Mutant, nodeArgumentsWith } from './mutant.ts';
import { canaryRuns } from './runs.ts';

const connection = 'daemon/socket/connection.ts';
const router = 'daemon/socket/router.ts';
const ingest = 'daemon/ingest/ingest.ts';
const insert = 'daemon/storage/insert-events.ts';

const mutants: Mutant[] = [
  { file: connection, fault: 'it ends without saying why', from: 'this.refuseRequest(0, error);', to: '' },
  {
    file: connection,
    fault: 'it does not mind a bad frame',
    from: 'this.refuse(new DaybookError(code, ',
    to: 'void (new DaybookError(code, ',
  },
  {
    file: connection,
    fault: 'it keeps a refusal to itself',
    from: 'this.refuseRequest(frame.requestId, error);',
    to: '',
  },
  {
    file: router,
    fault: 'it dies of what is not msgpack',
    from: 'if (error instanceof MalformedMsgpack) throw new',
    to: 'if (error === undefined) throw new',
  },
  {
    file: ingest,
    fault: 'it answers twice',
    from: 'this.#waiting.delete(outcome.key);',
    to: 'this.#answer(waiting, outcome);',
  },
  {
    file: insert,
    fault: 'it keeps whole seconds',
    from: 'const { timestamp, typeId, sourceId, actionId } = row;',
    to: 'const { typeId, sourceId, actionId } = row; const timestamp = Math.trunc(row.timestamp);',
  },
];

describe('a daemon with a fault is caught', () => {
  for (const mutant of mutants) {
    test(`${mutant.file}: ${mutant.fault}`, async (t) => {
      t.diagnostic(`DAYBOOK_TEST_SEED=${seed}`);
      const daemon = await FuzzedDaemon.start(nodeArgumentsWith(mutant), 500);
      try {
        const property = fc.asyncProperty(attacks, (list) => daemon.attack(list));
        const found = await fc.check(property, { seed, numRuns: canaryRuns.daemon, endOnFailure: true });
        assert.ok(found.failed, `nothing noticed in ${found.numRuns} runs`);
        t.diagnostic(`caught after ${found.numRuns} runs: ${String(found.errorInstance).slice(0, 200)}`);
      } finally {
        await daemon.stop();
      }
    });
  }
});
