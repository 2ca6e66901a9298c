import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Receipt } from '../../../client/index.ts';
import { daybook } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';

describe('send', () => {
  test('text fields, JSON fields, --data below them, action and time', async () => {
    await using daemon = await DaemonProcess.start();
    const { exitCode, stdout, stderr } = await daybook(daemon.home, [
      'send',
      'note',
      'text=a=b',
      'n:=1.5',
      'list:=[1,{"a":null}]',
      'empty=',
      'over=given',
      '--source',
      'me',
      '--action',
      'write',
      '--at',
      '1700000000.25',
      '--data',
      '{"over": "data", "kept": true}',
    ]);
    assert.deepEqual({ exitCode, stdout, stderr }, { exitCode: 0, stdout: 'stored as 1 (committed)\n', stderr: '' });
    const [event] = await Array.fromAsync(daemon.connect().events());
    assert.deepEqual(event, {
      id: 1,
      type: 'note',
      source: 'me',
      action: 'write',
      timestamp: 1_700_000_000.25,
      data: { over: 'given', kept: true, text: 'a=b', n: 1.5, list: [1, { a: null }], empty: '' },
    });
  });

  test('without --at it happened now; without --action there is none', async () => {
    await using daemon = await DaemonProcess.start();
    const before = Date.now() / 1000;
    await daybook(daemon.home, ['send', 'note', '--source', 'me']);
    const [event] = await Array.fromAsync(daemon.connect().events());
    assert.ok(event !== undefined && event.timestamp >= before && event.timestamp <= Date.now() / 1000);
    assert.ok(!('action' in event));
  });

  test('flushed, as JSON', async () => {
    await using daemon = await DaemonProcess.start();
    const args = ['send', 'note', '--source', 'me', '--durability', 'flushed', '--json'];
    const { exitCode, stdout } = await daybook(daemon.home, args);
    assert.equal(exitCode, 0);
    assert.deepEqual(JSON.parse(stdout) as Receipt, {
      stored: 1,
      duplicate: 0,
      rejected: [],
      firstId: 1,
      lastId: 1,
      level: 'flushed',
      persisted: true,
    });
  });

  test('the same twice is a duplicate, and no failure', async () => {
    await using daemon = await DaemonProcess.start();
    const args = ['send', 'note', 'a=1', '--source', 'me', '--at', '2026-01-02T03:04:05Z'];
    assert.equal((await daybook(daemon.home, args)).stdout, 'stored as 1 (committed)\n');
    const again = await daybook(daemon.home, args);
    assert.deepEqual([again.exitCode, again.stderr], [0, '']);
    assert.match(again.stdout, /^duplicate/);
    const asJson = JSON.parse((await daybook(daemon.home, [...args, '--json'])).stdout) as Receipt;
    assert.deepEqual([asJson.stored, asJson.duplicate], [0, 1]);
  });

  test('what the daemon refuses exits 1 and says why, on stderr', async () => {
    await using daemon = await DaemonProcess.start();
    const { exitCode, stdout, stderr } = await daybook(daemon.home, ['send', '', '--source', 'me']);
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.match(stderr, /^daybook: rejected: type must not be empty \(invalid_type\)\n$/);
    const asJson = await daybook(daemon.home, ['send', '', '--source', 'me', '--json']);
    assert.equal(asJson.exitCode, 1);
    assert.equal((JSON.parse(asJson.stdout) as Receipt).rejected[0]?.code, 'invalid_type');
  });

  test('an integer that cannot be kept exactly is refused, not changed', async () => {
    await using daemon = await DaemonProcess.start();
    for (const args of [['n:=9007199254740993'], ['--data', '{"n": 9007199254740993}']]) {
      const { exitCode, stdout, stderr } = await daybook(daemon.home, ['send', 'note', '--source', 'me', ...args]);
      const stored = JSON.stringify(await Array.fromAsync(daemon.connect().events()));
      assert.ok(exitCode === 1 || exitCode === 2, `exit ${exitCode}: ${stdout}, now there is ${stored}`);
      assert.match(stderr, /9007199254740993/);
    }
  });

  test('keys that mean something to JavaScript are data', async () => {
    await using daemon = await DaemonProcess.start();
    await daybook(daemon.home, ['send', 'note', '__proto__=x', 'constructor=y', '--source', 'me']);
    const [event] = await Array.fromAsync(daemon.connect().events());
    assert.equal(JSON.stringify(event?.data), '{"__proto__":"x","constructor":"y"}');
  });

  test('a daemon that keeps nothing says so', async () => {
    await using daemon = await DaemonProcess.start({ config: { enable_persistence: false } });
    const { exitCode, stdout } = await daybook(daemon.home, ['send', 'note', '--source', 'me']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /store nothing/);
  });
});
