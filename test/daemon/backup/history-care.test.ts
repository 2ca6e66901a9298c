import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { daybook } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

/** What the daemon does each minute, it does each 50 ms. */
const minutesFly = [
  '--import',
  `data:text/javascript,${encodeURIComponent(`
    const { setInterval } = globalThis;
    globalThis.setInterval = (run, ms, ...rest) => setInterval(run, ms === 60_000 ? 50 : ms, ...rest);`)}`,
];

describe('a daemon that cares for its history', () => {
  test('makes a backup and looks through all events when they are due, and says so', async () => {
    using home = temporaryHome();
    // Less than a second: a look is due before the daemon has run for long.
    const config = { persistence: { backup_interval_hours: 24, verify_interval_days: 0.000_01 } };
    const started = { home: home.path, config, nodeArguments: minutesFly };
    let file: string | null;
    {
      await using daemon = await DaemonProcess.start(started);
      const client = daemon.connect();
      await client.recordBatch(Array.from({ length: 20 }, (_, n) => ({ type: 't', source: 's', timestamp: n })));
      const { backup, integrity } = await waitFor('a backup and a look', async () => {
        const status = await client.status();
        return status.backup?.at != null && status.integrity?.at != null ? status : undefined;
      });
      const nowSeconds = Date.now() / 1000;
      file = backup?.file ?? assert.fail('it says where');
      assert.ok(existsSync(file) && file.startsWith(daemon.paths.backups));
      assert.ok(Math.abs((backup?.next ?? 0) - nowSeconds - 86_400) < 60);
      assert.deepEqual([backup?.failed_at, backup?.reason], [null, null]);
      assert.deepEqual([integrity?.sound, integrity?.damaged], [true, []]);
      const { stdout } = await daybook(home.path, ['status']);
      assert.match(stdout, /^backup +made \d+s ago; the next in (23h 59m|1d)/m);
      assert.match(stdout, /^integrity +\d+ events looked through \d+s ago; nothing was damaged/m);
      const doctor = await daybook(home.path, ['doctor', '--json']);
      const { findings } = JSON.parse(doctor.stdout) as {
        findings: { check: string; level: string; message: string }[];
      };
      const found = (name: string) => findings.find(({ check }) => check === name);
      assert.deepEqual([found('backups')?.level, found('configuration')?.level], ['ok', 'ok']);
      assert.match(found('backups')?.message ?? '', /^the last was made \d+s ago: /);
    }
    await using again = await DaemonProcess.start(started);
    const { backup } = await again.connect().status();
    assert.equal(backup?.file, file, 'a restart does not repeat it');
  });
});
