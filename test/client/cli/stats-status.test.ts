import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { daybook } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { numberedFrom } from '../numbered-events.ts';

/** A home directory without a service, and service managers that know nothing: not the ones of this machine. */
function noService(home: string): NodeJS.ProcessEnv {
  const tools = join(home, 'tools');
  mkdirSync(tools, { recursive: true });
  for (const name of ['systemctl', 'launchctl']) {
    writeFileSync(join(tools, name), '#!/bin/sh\nexit 4\n');
    chmodSync(join(tools, name), 0o755);
  }
  return { HOME: home, XDG_CONFIG_HOME: join(home, 'xdg'), PATH: `${tools}:${process.env['PATH']}` };
}

describe('stats', () => {
  test('--json has the promised keys', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch(numberedFrom(0, 3));
    const { exitCode, stdout, stderr } = await daybook(daemon.home, ['stats', '--json']);
    assert.deepEqual([exitCode, stderr], [0, '']);
    const stats = JSON.parse(stdout) as { [key: string]: unknown; database_stats: { [key: string]: unknown } };
    assert.deepEqual(Object.keys(stats).toSorted(), [
      'batch_size',
      'database_stats',
      'events_per_second',
      'queue_size',
      'retention_days',
      'total_duplicate',
      'total_rejected',
      'total_stored',
    ]);
    assert.deepEqual(Object.keys(stats.database_stats).toSorted(), [
      'by_source',
      'by_type',
      'database_size_mb',
      'events_per_hour',
      'forgotten',
      'forgotten_at',
      'index_bytes',
      'last_id',
      'newest_timestamp',
      'oldest_timestamp',
      'recent_events_1h',
      'retention_removed',
      'retention_removed_at',
      'total_events',
      'total_patterns',
    ]);
    assert.equal(stats['total_stored'], 3);
    assert.deepEqual(stats.database_stats['by_type'], { note: 3 });
  });

  test('for people: the numbers, and names made harmless', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon
      .connect()
      .recordBatch([
        ...numberedFrom(0, 1_234),
        { type: '\u001b[2J', source: 's', timestamp: 1 },
        ...Array.from({ length: 12 }, (_, n) => ({ type: `t${n}`, source: 's', timestamp: n })),
      ]);
    const { exitCode, stdout, stderr } = await daybook(daemon.home, ['stats']);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, /^events +1,247$/m);
    assert.match(stdout, /^ {2}note +1,234$/m);
    assert.match(stdout, /^ {2}and 4 more/m);
    assert.ok(!stdout.includes('\u001b'));
    assert.match(stdout, /\\u001b\[2J/);
  });

  test('of an empty database', async () => {
    await using daemon = await DaemonProcess.start();
    const { exitCode, stdout } = await daybook(daemon.home, ['stats']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^oldest +-$/m);
    assert.match(stdout, /^by type\n {2}none$/m);
  });
});

describe('status', () => {
  test('--json of a running daemon has the promised keys, exit 0', async () => {
    await using daemon = await DaemonProcess.start();
    const { exitCode, stdout, stderr } = await daybook(daemon.home, ['status', '--json'], {
      environment: noService(daemon.home),
    });
    assert.deepEqual([exitCode, stderr], [0, '']);
    const status = JSON.parse(stdout) as { [key: string]: unknown };
    assert.equal(status['state'], 'running');
    assert.equal(status['pid'], daemon.process.pid);
    assert.equal(status['service'], 'not-installed');
    assert.equal(status['socket'], daemon.paths.socket);
    const health = status['health'] as { ok: boolean; event_id: number };
    assert.deepEqual([health.ok, health.event_id], [true, 1]);
    for (const key of [
      'performance',
      'version',
      'database',
      'log',
      'config',
      'uptime_seconds',
      'connections',
      'tails',
      'last_id',
    ]) {
      assert.ok(key in status, key);
    }
  });

  test('--json of a stopped one: the same first keys, exit 3', async () => {
    using home = temporaryHome();
    const { exitCode, stdout, stderr } = await daybook(home.path, ['status', '--json'], {
      environment: noService(home.path),
    });
    assert.deepEqual([exitCode, stderr], [3, '']);
    assert.deepEqual(JSON.parse(stdout), {
      state: 'stopped',
      pid: null,
      version: '0.1.0',
      socket: join(home.path, 'data', 'daybook.sock'),
      database: join(home.path, 'data', 'events.db'),
      log: join(home.path, 'log', 'daybook.log'),
      config: join(home.path, 'config', 'config.json'),
      uptime_seconds: null,
      last_exit: null,
      last_error: null,
      cure: "daybook install, or 'daybook daemon' in another terminal",
      service: 'not-installed',
    });
  });

  test('for people, running and stopped', async () => {
    await using daemon = await DaemonProcess.start();
    const environment = noService(daemon.home);
    const running = await daybook(daemon.home, ['status'], { environment });
    assert.equal(running.exitCode, 0);
    assert.match(running.stdout, /^state +running$/m);
    assert.match(running.stdout, /^health +ok \(a canary came back in [\d.]+ ms\)$/m);
    assert.match(running.stdout, new RegExp(`^pid +${daemon.process.pid}$`, 'm'));
    await daemon.kill('SIGKILL');
    await using forgetful = await DaemonProcess.start({ config: { enable_persistence: false } });
    const empty = await daybook(forgetful.home, ['status'], { environment });
    assert.equal(empty.exitCode, 0);
    assert.match(empty.stdout, /^health +nothing is stored \(enable_persistence is false\)$/m);
    const stopped = await daybook(daemon.home, ['status'], { environment });
    assert.deepEqual([stopped.exitCode, stopped.stderr], [3, '']);
    assert.match(stopped.stdout, /^state +stopped$/m);
    assert.ok(stopped.stdout.includes(`${daemon.paths.socket} (nobody answers)`));
  });
});
