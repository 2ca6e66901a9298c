import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { systemErrorText } from '../../../client/cli/system-error.ts';
import { daybookVersion } from '../../../shared/protocol-version.ts';
import { type CommandResult, daybook } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { FakeDaemon } from '../../harness/fake-daemon.ts';
import { preparedHome } from '../../harness/prepared-home.ts';
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
    [['list', '--type', ''], '--type must not be empty'],
    [['search', ' '], 'no word'],
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
  test('for files and directories that are none, or not there, with what to do', async () => {
    using home = temporaryHome();
    const file = join(home.path, 'file');
    writeFileSync(file, '');
    const missing = join(home.path, 'missing', 'x');
    const table: [args: string[], text: string][] = [
      [['ingest', join(home.path, 'no')], `there is no ${join(home.path, 'no')} (ENOENT)`],
      [['import', missing], `there is no directory for ${missing} (ENOENT); make it: mkdir -p `],
      [['import', join(file, 'x')], 'a part of it is a file (ENOTDIR)'],
      [['import', home.path], 'is a directory'],
      [['sql', 'select 1', '--database', home.path], 'is a directory'],
      [['dashboard', '--db', missing], 'there is no database at'],
    ];
    const results = await Promise.all(table.map(([args]) => daybook(home.path, args)));
    for (const [index, result] of results.entries()) assertRefused(result, 1, table[index]?.[1] ?? '');
    const denied = Object.assign(new Error('EACCES: permission denied'), {
      code: 'EACCES',
      syscall: 'open',
      path: file,
    });
    assert.equal(
      systemErrorText(denied),
      `the system does not let you at ${file} (EACCES); whose it is: ls -ld ${file}`,
    );
  });

  test('for what a daemon of another version does not know, with the cure', async () => {
    using home = preparedHome();
    await using other = await FakeDaemon.start({
      onRequest: (connection, frame) => connection.refuse(frame.requestId, 'unknown_kind'),
    });
    symlinkSync(other.path, home.paths.socket);
    const asked = [['gaps'], ['retention', 'plan'], ['sources']];
    const results = await Promise.all(asked.map((args) => daybook(home.path, args)));
    for (const result of results) assertRefused(result, 1, 'unknown_kind', 'of another version', 'daybook install');
  });

  test('vacuum --full says for how long nothing is stored, and does nothing unasked when that is long', async () => {
    using home = preparedHome();
    const counts = { total_stored: 0, queue_size: 0, batch_size: 1, events_per_second: 0 };
    const figures = { ...counts, database_stats: { database_size_mb: 2_048 } };
    await using large = await FakeDaemon.start({
      onRequest: (connection, frame) => {
        if (frame.kind === 'stats') connection.reply(frame, figures);
        else connection.reply(frame, { freed_bytes: 0, blocked_seconds: 14 });
      },
    });
    symlinkSync(large.path, home.paths.socket);
    const told = 'the database has 2.0 GiB: nothing is stored for about 14s, and senders wait';
    assertRefused(await daybook(home.path, ['vacuum', '--full']), 2, told, '--yes');
    assert.equal(large.framesOf('vacuum').length, 0);
    const { exitCode, stderr } = await daybook(home.path, ['vacuum', '--full', '--yes']);
    assert.deepEqual([exitCode, stderr, large.framesOf('vacuum').length], [0, `${told}\n`, 1]);
  });

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
