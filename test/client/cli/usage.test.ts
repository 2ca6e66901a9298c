import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { daybookVersion } from '../../../shared/protocol-version.ts';
import { type CommandResult, daybook } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

const commands = [
  'run',
  'daemon',
  'install',
  'uninstall',
  'start',
  'stop',
  'restart',
  'status',
  'send',
  'ingest',
  'capture',
  'list',
  'tail',
  'export',
  'sql',
  'stats',
  'sources',
  'backup',
  'restore',
  'verify',
  'doctor',
  'logs',
  'config',
  'completions',
];

/** Nothing on stdout, something for a person on stderr, and no stack trace. */
function assertRefused(result: CommandResult, exitCode: number, ...texts: string[]): void {
  assert.equal(result.exitCode, exitCode, JSON.stringify(result));
  assert.equal(result.stdout, '');
  for (const text of texts) assert.ok(result.stderr.includes(text), result.stderr);
  assert.doesNotMatch(result.stderr, /^\s+at |Warning:/m);
}

describe('--help', () => {
  test('of each command explains it and exits 0', async () => {
    using home = temporaryHome();
    const results = await Promise.all(commands.map((name) => daybook(home.path, [name, '--help'])));
    for (const [index, { exitCode, stdout, stderr }] of results.entries()) {
      const name = commands[index] ?? '';
      assert.deepEqual([name, exitCode, stderr], [name, 0, '']);
      assert.match(stdout, new RegExp(`^Usage: (daybook )?${name}\\b.*\n\n\\S`));
    }
  });

  test('of daybook names every command', async () => {
    using home = temporaryHome();
    const { exitCode, stdout } = await daybook(home.path, ['--help']);
    assert.equal(exitCode, 0);
    for (const name of commands) assert.match(stdout, new RegExp(`^  ${name}\\b`, 'm'));
  });

  test('says the whole command, as it is to be typed', async () => {
    using home = temporaryHome();
    assert.match((await daybook(home.path, ['list', '--help'])).stdout, /^Usage: daybook list /);
    assert.match((await daybook(home.path, ['capture', 'files', '--help'])).stdout, /^Usage: daybook capture files /);
  });

  test('--version', async () => {
    using home = temporaryHome();
    const { exitCode, stdout } = await daybook(home.path, ['--version']);
    assert.deepEqual([exitCode, stdout], [0, `${daybookVersion}\n`]);
  });
});

describe('exit code 2', () => {
  const table: [args: string[], text: string][] = [
    [['nosuch'], "unknown command 'nosuch'"],
    [['lsit'], 'list'],
    [['list', '--nosuch'], "unknown option '--nosuch'"],
    [['list', 'extra'], 'too many arguments'],
    [['list', '--limit', '0'], '--limit'],
    [['list', '--limit', '1.5'], '--limit'],
    [['list', '--limit', 'many'], '--limit'],
    [['list', '--limit'], '--limit'],
    [['list', '--order', 'up'], '--order'],
    [['list', '--hours', '-1'], '--hours'],
    [['list', '--hours', ''], '--hours'],
    [['list', '--hours', '1', '--since', '2h ago'], '--since'],
    [['list', '--since', 'blue'], 'blue'],
    [['list', '--since', '1h ago', '--until', '2h ago'], 'before'],
    [['tail', '--lines', '-1'], '--lines'],
    [['tail', '--lines', 'x'], '--lines'],
    [['export'], 'file'],
    [['export', 'x', '--format', 'xml'], '--format'],
    [['export', 'x.json', '--columns', 'type'], '--format csv'],
    [['export', 'x.csv', '--columns', 'type,'], '"" is no column'],
    [['export', 'x.csv', '--columns', 'colour'], 'colour'],
    [['export', 'x.parquet.gz'], '.gz'],
    [['daemon', '--set', 'persistence.batch_size=0'], 'whole number from 1 to 10000'],
    [['daemon', '--set', 'batch_size=7'], 'KEY=VALUE'],
    [['status', 'extra'], 'too many arguments'],
    [['restart', '--now'], "unknown option '--now'"],
    [['uninstall', '--yes'], '--purge'],
    [['config', 'nosuch'], 'nosuch'],
    [['config', 'set', 'log_level'], "missing required argument 'value'"],
    [['config', 'get', 'nosuch'], 'daybook config --help'],
    [['sql'], "missing required argument 'statement'"],
    [['send', '--source', 's'], "missing required argument 'type'"],
    [['send', 'note'], '--source'],
    [['send', 'note', '--source', 's', 'field'], 'key=value'],
    [['send', 'note', '--source', 's', '=x'], 'key=value'],
    [['send', 'note', '--source', 's', 'n:=nothing'], 'n is not JSON'],
    [['send', 'note', '--source', 's', '--data', '{'], '--data is not JSON'],
    [['send', 'note', '--source', 's', '--data', '[1]'], '--data must be a JSON map'],
    [['send', 'note', '--source', 's', '--at', 'blue'], 'blue'],
    [['send', 'note', '--source', 's', '--durability', 'eternal'], '--durability'],
    [['capture', 'files'], 'dir'],
    [['capture', 'nosuch'], 'nosuch'],
  ];
  test('for what cannot be meant, without a daemon being asked', async () => {
    using home = temporaryHome();
    const results = await Promise.all(table.map(([args]) => daybook(home.path, args)));
    for (const [index, result] of results.entries()) assertRefused(result, 2, table[index]?.[1] ?? '');
  });

  test('for no command at all', async () => {
    using home = temporaryHome();
    assertRefused(await daybook(home.path, []), 2, 'Usage: daybook');
  });
});

describe('exit code 3 without a daemon, with what to do', () => {
  const table = [
    ['send', 'note', '--source', 's'],
    ['list'],
    ['list', '--json'],
    ['stats'],
    ['stats', '--json'],
    ['verify'],
    ['tail'],
    ['tail', '--follow'],
    ['export', '-'],
    ['ingest'],
    ['capture', 'files', '.'],
  ];
  for (const args of table) {
    test(args.join(' '), async () => {
      using home = temporaryHome();
      const result = await daybook(home.path, args, { cwd: home.path, input: '{"type":"a","source":"s"}\n' });
      assertRefused(result, 3, `no daemon answers at ${join(home.path, 'data', 'daybook.sock')}`, 'daybook start');
    });
  }
});

describe('exit code 1', () => {
  test('for a socket path that does not fit', async () => {
    using home = temporaryHome();
    const long = join(home.path, 'x'.repeat(120));
    mkdirSync(long);
    assertRefused(await daybook(long, ['list']), 1, 'the socket path is', 'set DAYBOOK_HOME');
  });

  test('for a cursor that is none', async () => {
    await using daemon = await DaemonProcess.start();
    assertRefused(await daybook(daemon.home, ['list', '--cursor', 'nonsense']), 1, 'not a cursor');
  });

  test('for more filter values than the daemon takes', async () => {
    await using daemon = await DaemonProcess.start();
    const types = Array.from({ length: 65 }, (_, n) => ['--type', `t${n}`]).flat();
    assertRefused(await daybook(daemon.home, ['list', ...types]), 1, '64');
  });

  test('questions about the past to a daemon that keeps nothing', async () => {
    await using daemon = await DaemonProcess.start({ config: { enable_persistence: false } });
    for (const args of [['list'], ['export', '-'], ['stats'], ['verify']]) {
      assertRefused(await daybook(daemon.home, args), 1, 'enable_persistence');
    }
  });
});
