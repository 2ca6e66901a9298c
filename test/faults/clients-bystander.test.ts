import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Client } from '../../client/index.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { HostileProcess, misbehaviours } from '../harness/hostile-process.ts';
import { waitFor } from '../harness/wait-for.ts';
import { waited } from '../harness/waited.ts';

const mostMs = 2_000;
const fewestReceipts = 15;

let daemon: DaemonProcess;
let bystander: Client;
let sent = 0;
before(async () => {
  daemon = await DaemonProcess.start({ config: { log_level: 'warn' } });
  bystander = daemon.connect();
  // For those who read slowly.
  const text = 'x'.repeat(500);
  await bystander.recordBatch(
    Array.from({ length: 5_000 }, (_, n) => ({ type: 'history', source: 'b', timestamp: n, data: { n, text } })),
  );
});
after(() => daemon.stop());
beforeEach(async () => {
  await waitFor('what the last one left to be worked off', async () => (await bystander.status()).queue_bytes === 0);
});

/** Sends one event and waits for its receipt. Resolves with how long that took, ms. */
async function oneReceipt(): Promise<number> {
  return waited(async () => {
    const receipt = await bystander.recordBatch([{ type: 'bystander', source: 'b', timestamp: (sent += 1) }]);
    assert.deepEqual([receipt.stored, receipt.duplicate, receipt.rejected], [1, 0, []]);
  });
}

describe('a bystander has each of its receipts in time, beside', () => {
  for (const what of Object.keys(misbehaviours)) {
    test(what, { timeout: 60_000 }, async (t) => {
      await using hostile = new HostileProcess(daemon.paths.socket, what);
      let slowestMs = 0;
      let receipts = 0;
      while (!hostile.isUnderWay || receipts < fewestReceipts) {
        slowestMs = Math.max(slowestMs, await oneReceipt());
        receipts += 1;
        assert.ok(slowestMs < mostMs, `receipt ${receipts} took ${slowestMs.toFixed()} ms`);
        assert.equal(hostile.process.exitCode, null, hostile.stderr);
      }
      t.diagnostic(`${receipts} receipts, the slowest after ${slowestMs.toFixed(1)} ms`);
    });
  }

  test('everything else that is its own', async () => {
    const { by_type: byType } = (await bystander.stats()).database_stats;
    assert.equal(byType['bystander'], sent);
    assert.equal(daemon.process.exitCode, null);
  });
});
