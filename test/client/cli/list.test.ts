import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { StoredEvent } from '../../../client/index.ts';
import { daybook, daybookExecutable, rowsOf, RunningCommand } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { countTo, numbered, numberedFrom, numbersOf } from '../numbered-events.ts';

async function listed(daemon: DaemonProcess, ...args: string[]): Promise<unknown[]> {
  const { exitCode, stdout } = await daybook(daemon.home, ['list', '--json', ...args]);
  assert.equal(exitCode, 0);
  return stdout === '' ? [] : numbersOf(rowsOf<StoredEvent>(stdout));
}

describe('list', () => {
  test('filters, by time as people type it too', async () => {
    await using daemon = await DaemonProcess.start();
    const now = Date.now() / 1000;
    const hour = 3_600;
    await daemon.connect().recordBatch([
      { type: 'a', source: 'x', action: 'go', timestamp: now - 5 * hour, data: { n: 0 } },
      { type: 'b', source: 'y', action: 'go', timestamp: now - 3 * hour, data: { n: 1 } },
      { type: 'a', source: 'y', timestamp: now - 1 * hour, data: { n: 2 } },
      { type: 'c', source: 'z', timestamp: now - 60, data: { n: 3 } },
    ]);
    const queries: [args: string[], expected: number[]][] = [
      [[], [3, 2, 1, 0]],
      [
        ['--order', 'asc'],
        [0, 1, 2, 3],
      ],
      [
        ['--limit', '2'],
        [3, 2],
      ],
      [
        ['--limit', 'all'],
        [3, 2, 1, 0],
      ],
      [
        ['--type', 'a'],
        [2, 0],
      ],
      [
        ['--type', 'a', '--type', 'c'],
        [3, 2, 0],
      ],
      [
        ['--source', 'y'],
        [2, 1],
      ],
      [
        ['--action', 'go'],
        [1, 0],
      ],
      [['--type', 'a', '--source', 'y'], [2]],
      [
        ['--hours', '4'],
        [3, 2, 1],
      ],
      [['--hours', '0.5'], [3]],
      [
        ['--since', '4h ago'],
        [3, 2, 1],
      ],
      [
        ['--since', '4h', '--until', '30m ago'],
        [2, 1],
      ],
      [
        ['--until', new Date((now - 2 * hour) * 1000).toISOString()],
        [1, 0],
      ],
      [
        ['--since', String(now - 2 * hour)],
        [3, 2],
      ],
      [['--type', 'nobody'], []],
      [
        ['--where', 'data.n >= 1', '--where', 'data.n != 3'],
        [2, 1],
      ],
      [['--where', 'source ~ z'], [3]],
      [['--unprocessed', '--type', 'b'], [1]],
      [['--processed'], []],
    ];
    const results = await Promise.all(queries.map(([args]) => listed(daemon, ...args)));
    assert.deepEqual(
      results,
      queries.map(([, expected]) => expected),
    );
  });

  test('--json is complete: each row the whole event', async () => {
    await using daemon = await DaemonProcess.start();
    const data = { text: 'ü\n\u001b[31m\u2028', deep: [{ a: null }], n: 0.1 };
    await daemon.connect().recordBatch([
      { ...numbered(0), data },
      { type: 'bare', source: 's', timestamp: 1 },
    ]);
    const { stdout, stderr } = await daybook(daemon.home, ['list', '--json']);
    assert.equal(stderr, '');
    assert.deepEqual(rowsOf(stdout), [
      { id: 1, ...numbered(0), data },
      { id: 2, type: 'bare', source: 's', timestamp: 1, data: {} },
    ]);
  });

  test('everything beyond a page, when asked', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch(numberedFrom(0, 2_300));
    assert.deepEqual(await listed(daemon, '--limit', 'all', '--order', 'asc'), countTo(2_300));
    assert.equal((await listed(daemon, '--limit', '1500')).length, 1_500);
  });

  test('says on stderr that there is more, and the cursor it names works', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch(numberedFrom(0, 250));
    const seen: unknown[] = [];
    let args: string[] = [];
    for (let page = 1; page <= 3; page += 1) {
      const { stdout, stderr } = await daybook(daemon.home, ['list', '--json', ...args]);
      seen.push(...numbersOf(rowsOf<StoredEvent>(stdout)));
      const cursor = /--limit all.*--cursor (\S+)\n$/.exec(stderr)?.[1];
      assert.equal(cursor !== undefined, page < 3, stderr);
      args = ['--cursor', cursor ?? ''];
    }
    assert.deepEqual(seen, countTo(250).toReversed());
  });

  test('for people: one line an event, control characters made visible', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch([
      {
        type: 'ev\u001b]0;owned\u0007il',
        source: 'new\nline',
        action: 'c1\u009b31m',
        timestamp: 1_700_000_000.5,
        data: { 'k\rey': '\u001b[2J\u202eabc', list: ['\u007f'], tab: '\t' },
      },
      numbered(1),
    ]);
    const { exitCode, stdout, stderr } = await daybook(daemon.home, ['list']);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.equal(stdout.trimEnd().split('\n').length, 2);
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    assert.match(stdout, /ev\\u001b\]0;owned\\u0007il/);
    assert.match(stdout, /k\\rey=\\u001b\[2J\\u202eabc/);
    assert.match(stdout, /note +count +test +n=1/);
    assert.match(stdout, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.500 /);
  });

  test('nothing found is no failure, and said on stderr', async () => {
    await using daemon = await DaemonProcess.start();
    assert.deepEqual(await daybook(daemon.home, ['list']), {
      exitCode: 0,
      signal: null,
      stdout: '',
      stderr: 'no events match\n',
    });
    assert.deepEqual(await daybook(daemon.home, ['list', '--json']), {
      exitCode: 0,
      signal: null,
      stdout: '',
      stderr: '',
    });
  });

  test('a reader that closes early is no failure', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch(numberedFrom(0, 5_000));
    const script = 'set -o pipefail; "$NODE" "$DAYBOOK" list --limit all | head -n 1';
    const { exitCode, stdout, stderr } = await new RunningCommand('bash', ['-c', script], {
      environment: { DAYBOOK_HOME: daemon.home, NODE: process.execPath, DAYBOOK: daybookExecutable },
    }).ended;
    assert.deepEqual([exitCode, stdout.split('\n').length, stderr], [0, 2, '']);
  });
});
