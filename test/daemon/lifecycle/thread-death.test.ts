import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DaybookError } from '../../../client/index.ts';
import { threadDiesOnceThereIs } from '../../harness/daemon-faults.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

const event = (n: number) => ({ type: 't', source: 's', timestamp: n });

describe('the death of the writer thread', () => {
  test('ends the daemon with an error and a word about it; what was acknowledged is there', async () => {
    using home = temporaryHome();
    const trigger = join(home.path, 'trigger');
    await using daemon = await DaemonProcess.start({
      home: home.path,
      nodeArguments: threadDiesOnceThereIs(trigger, 'writer'),
    });
    assert.equal((await daemon.connect().recordBatch([event(1), event(2)])).stored, 2);
    writeFileSync(trigger, '');
    const { exitCode, stderr } = await daemon.ended;
    assert.equal(exitCode, 1);
    assert.match(stderr, /the writer thread died: provoked by a test/);
    assert.match(readFileSync(daemon.paths.log, 'utf8'), /"msg":"the writer thread died"/);

    await using next = await DaemonProcess.start({ home: home.path });
    assert.equal((await next.connect().stats()).database_stats.total_events, 2);
  });
});

describe('the death of the reader thread', () => {
  test('fails the questions it had as retryable, and the next are answered by another', async () => {
    using home = temporaryHome();
    const trigger = join(home.path, 'trigger');
    await using daemon = await DaemonProcess.start({
      home: home.path,
      nodeArguments: threadDiesOnceThereIs(trigger, 'reader'),
    });
    const client = daemon.connect();
    await client.recordBatch(Array.from({ length: 1_000 }, (_, n) => event(n)));
    assert.equal((await client.page({ limit: 10 })).events.length, 10);

    const failures: unknown[] = [];
    await waitFor('the thread to die', async () => {
      const pages = Array.from({ length: 50 }, () => client.page({ limit: 1_000 }));
      for (const page of await Promise.allSettled(pages)) {
        if (page.status === 'rejected') failures.push(page.reason);
      }
      // Between two questions it dies unnoticed; then the next one is to die.
      if (failures.length === 0) writeFileSync(trigger, '');
      return failures.length > 0 && !existsSync(trigger);
    });
    for (const failure of failures) {
      assert.ok(failure instanceof DaybookError);
      assert.deepEqual([failure.code, failure.retryable], ['storage_error', true]);
    }
    assert.equal((await client.page({ limit: 1_000 })).events.length, 1_000);
    assert.equal((await client.recordBatch([event(5_000)])).stored, 1, 'the writer goes on');
    assert.equal((await daemon.stop()).exitCode, 0);
  });
});
