import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DaybookError } from '../../client/index.ts';
import { threadDiesOnceThereIs, threadRunsOutOfMemoryOnceThereIs } from '../harness/daemon-faults.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';

const event = (n: number) => ({ type: 't', source: 's', timestamp: n });
const deaths = [
  ['throws', threadDiesOnceThereIs, /provoked by a test/],
  ['is out of memory', threadRunsOutOfMemoryOnceThereIs, /memory/],
] as const;

describe('the writer thread', () => {
  for (const [what, diesOnceThereIs, message] of deaths) {
    test(`row 51: ${what}: the daemon says so and ends with an error, and the next answers who waits`, async () => {
      using home = temporaryHome();
      const trigger = join(home.path, 'trigger');
      await using daemon = await DaemonProcess.start({
        home: home.path,
        nodeArguments: diesOnceThereIs(trigger, 'writer'),
      });
      const client = daemon.connect();
      assert.equal((await client.recordBatch([event(1), event(2)])).stored, 2);
      writeFileSync(trigger, '');
      const pending = Array.from({ length: 20 }, (_, n) => client.recordBatch([event(10 + n)]));
      client.record(event(3));
      const { exitCode, signal, stderr } = await daemon.ended;
      assert.deepEqual([exitCode, signal], [1, null]);
      assert.match(stderr, /^daybook: the writer thread died: .*\n$/);
      assert.match(stderr, message);
      assert.match(readFileSync(daemon.paths.log, 'utf8'), /"level":60,.*"msg":"the writer thread died"/);

      await using next = await DaemonProcess.start({ home: home.path });
      for (const { stored, duplicate } of await Promise.all(pending)) assert.equal(stored + duplicate, 1);
      await client.flush();
      assert.equal((await next.connect().stats()).database_stats.total_events, 23);
    });
  }
});

describe('the reader thread', () => {
  for (const [what, diesOnceThereIs, message] of deaths) {
    test(`row 51: ${what}: its questions fail as retryable, another answers the next, and the writer goes on`, async () => {
      using home = temporaryHome();
      const trigger = join(home.path, 'trigger');
      await using daemon = await DaemonProcess.start({
        home: home.path,
        nodeArguments: diesOnceThereIs(trigger, 'reader'),
      });
      const client = daemon.connect();
      await client.recordBatch(Array.from({ length: 1_000 }, (_, n) => event(n)));
      assert.equal((await client.page({ limit: 10 })).events.length, 10);

      const failures: unknown[] = [];
      await waitFor('the thread to die', async () => {
        const pages = Array.from({ length: 20 }, () => client.page({ limit: 200 }));
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
        assert.match(failure.message, message);
      }
      assert.equal((await client.page({ limit: 1_000 })).events.length, 1_000);
      assert.equal((await client.recordBatch([event(5_000)])).stored, 1);
      assert.equal((await daemon.stop()).exitCode, 0);
    });
  }
});
