/** Daemons that break the promise on purpose: the crash tests must notice. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from '../../client/index.ts';
import { threadStandsStillWhileThereIs } from '../harness/daemon-faults.ts';
import { Ledger } from '../harness/ledger.ts';
import { seed } from '../harness/property.ts';
import { waitFor } from '../harness/wait-for.ts';
import { BatchSender } from './batch-sender.ts';
import { Bystander } from './bystander.ts';
import { RandomEvents } from './random-events.ts';
import { Succession } from './succession.ts';

test('a daemon that acknowledges what it does not keep is found guilty', async () => {
  await using succession = new Succession();
  const ledger = new Ledger(succession.nowSeconds);
  const source = new RandomEvents('canary', seed, succession.nowSeconds);
  const client = connect({ socketPath: succession.paths.socket, transport: succession.transport });
  const sender = new BatchSender('canary', client, ledger, () => source.batch(1, 5));
  await succession.start({ nodeArguments: ['--import', new URL('./forget-commits.ts', import.meta.url).href] });
  // Now and then the daemon notices that something is amiss, refuses a batch, and goes on.
  const over = new AbortController();
  const send = async () => {
    while (!over.signal.aborted) await sender.run().catch(() => undefined);
  };
  const sending = send();
  await waitFor('receipts', () => ledger.totals.acked > 200);
  over.abort();
  await succession.end('SIGKILL');
  sender.abandon();
  await sending;
  ledger.interrupted();
  const offences = ledger.judge(succession.paths.database);
  const missing = offences.filter(({ kind }) => kind === 'missing').length;
  assert.ok(missing > 5 && missing < ledger.totals.acked, `${missing} of ${ledger.totals.acked} are missing`);
});

test('a daemon that stands still keeps the bystander waiting', async () => {
  await using succession = new Succession();
  const ledger = new Ledger(succession.nowSeconds);
  const bystander = new Bystander(succession, ledger, new RandomEvents('bystander', seed, succession.nowSeconds));
  const stop = join(succession.home, 'stop');
  await succession.start({ nodeArguments: threadStandsStillWhileThereIs(stop, 'writer') });
  const running = bystander.run();
  await waitFor('some receipts', () => bystander.receipts > 5);
  const usualMs = bystander.longestWaitMs;
  writeFileSync(stop, '');
  await waitFor('a long wait', () => bystander.longestWaitMs > usualMs + 300);
  const { receipts } = bystander;
  rmSync(stop);
  await waitFor('the receipt after all', () => bystander.receipts > receipts);
  await bystander.settle();
  await running;
  await succession.end('SIGTERM');
  ledger.assertInnocent(succession.paths.database);
});
