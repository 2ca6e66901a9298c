import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { UsageError } from '../../../client/cli/exit.ts';
import { openDatabase } from '../../../client/cli/sql/open-database.ts';
import { ask } from '../../../client/cli/sql/question.ts';
import { sqlFailure } from '../../../client/cli/sql/sql-failure.ts';
import { type CommandResult, daybook, rowsOf, startDaybook } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { overwritePage, pageOf } from '../../harness/damaged-pages.ts';
import { preparedHome } from '../../harness/prepared-home.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const large = { text: 'long '.repeat(1_000) };
const events = [
  { type: 'note', source: 's', action: 'add', timestamp: 1_760_000_000.25, data: { path: '/a\tb\n', n: 1 } },
  { type: 'app', source: 's', timestamp: 1_760_000_001, data: large },
  ...Array.from({ length: 5_000 }, (_, n) => ({
    type: 'tick',
    source: 'c',
    timestamp: 1_760_000_002 + n,
    data: { n },
  })),
];

function assertRefused(result: CommandResult, exitCode: number, ...texts: string[]): void {
  assert.deepEqual([result.exitCode, result.stdout], [exitCode, ''], JSON.stringify(result));
  for (const text of texts)
    assert.ok(result.stderr.startsWith('daybook: ') && result.stderr.includes(text), result.stderr);
  assert.doesNotMatch(result.stderr, /^\s+at |Warning:/m);
}

describe('sql beside a running daemon', () => {
  let daemon: DaemonProcess;
  const sql = (...args: string[]) => daybook(daemon.home, ['sql', ...args]);

  before(async () => {
    daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch(events);
  });
  after(() => daemon.stop());

  test('the view readable: local time, and all data as JSON text', async () => {
    const { stdout } = await sql('--json', 'SELECT * FROM readable WHERE id <= 2');
    const rows = rowsOf<{ time: string; data: string }>(stdout);
    assert.deepEqual(
      rows.map(({ time, data, ...rest }) => ({
        ...rest,
        data: JSON.parse(data),
        isTime: /^2025-10-\d\d [\d:]{8}\.\d{3}$/.test(time),
      })),
      events.slice(0, 2).map((event, index) => ({
        id: index + 1,
        timestamp: event.timestamp,
        type: event.type,
        source: 's',
        action: 'action' in event ? 'add' : null,
        processed: 0,
        data: event.data,
        isTime: true,
      })),
    );
  });

  test('tabs between values, and what would break a line escaped', async () => {
    const { stdout } = await sql("SELECT id, action, data ->> 'path' AS path FROM readable WHERE id <= 2");
    assert.equal(stdout, 'id\taction\tpath\n1\tadd\t/a\\tb\\n\n2\t\t\n');
    const { stdout: bare } = await sql('--no-head', 'SELECT count(*) FROM events');
    assert.equal(bare, `${events.length}\n`);
  });

  test('json keeps large integers, blobs, and columns of the same name', async () => {
    const statement =
      "SELECT 9007199254740993 AS a, x'00ff' AS a, NULL AS b, 1.5 AS c, gunzip(data_compressed) ->> 'text' AS t FROM events WHERE id = 2; -- end";
    assert.equal(
      (await sql('--json', statement)).stdout,
      `{"a":9007199254740993,"a_2":"x'00ff'","b":null,"c":1.5,"t":"${large.text}"}\n`,
    );
  });

  test('from standard input, and any number of rows', async () => {
    const { stdout } = await daybook(daemon.home, ['sql', '-', '--no-head'], {
      input: 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)\nSELECT i FROM n;\n',
    });
    assert.equal(stdout, Array.from({ length: 100_000 }, (_, n) => `${n + 1}\n`).join(''));
  });

  test('writes are refused, whatever they look like, and nothing changes', async () => {
    const { database } = daemon.paths;
    const other = join(daemon.home, 'other.db');
    const writes = [
      'DELETE FROM event',
      "INSERT INTO patterns (pattern_type, confidence, pattern_data) VALUES ('p', 1, '{}') RETURNING id",
      'WITH x AS (SELECT 1) UPDATE event SET processed = 1',
      'CREATE TABLE x (y)',
      'CREATE TEMP TABLE x (y)',
      `VACUUM INTO '${other}'`,
      `ATTACH '${other}' AS other`,
      'PRAGMA journal_mode = DELETE',
      'PRAGMA query_only = OFF',
      'PRAGMA user_version = 9',
      'PRAGMA wal_checkpoint(TRUNCATE)',
      'BEGIN IMMEDIATE',
      'DROP VIEW readable',
      'ANALYZE',
      'REINDEX',
    ];
    const changed = statSync(database).mtimeMs;
    const { db } = openDatabase(database);
    for (const statement of writes) {
      const failure = (error: unknown) => sqlFailure(error, database) instanceof UsageError;
      assert.throws(() => [...ask(db, statement).rows], failure, statement);
    }
    db.close();
    assertRefused(await sql('DELETE FROM event'), 2, 'only reads');
    assertRefused(await sql('SELECT 1; DELETE FROM event'), 2, 'only reads');
    assertRefused(await sql('SELECT 1; SELECT 2'), 2, 'one statement');
    assert.equal(statSync(database).mtimeMs, changed);
    assert.ok(!existsSync(other));
  });

  test('what is no SQL exits 2 and says what is wrong', async () => {
    assertRefused(await sql('SELEC 1'), 2, 'near "SELEC"');
    assertRefused(await sql('SELECT colour FROM events'), 2, 'no such column: colour');
    assertRefused(await sql(' -- nothing'), 2, 'no SQL');
    assert.equal((await sql('--json', 'EXPLAIN QUERY PLAN SELECT * FROM readable ORDER BY id DESC')).exitCode, 0);
    assert.equal((await sql('PRAGMA table_info(readable)')).exitCode, 0);
  });

  test('while rows are waited for, the daemon goes on storing', async () => {
    const statement = 'SELECT hex(zeroblob(2000)) FROM event, (SELECT 1 UNION ALL SELECT 2)';
    await using running = startDaybook(daemon.home, ['sql', statement]);
    await running.prints('hex(');
    running.process.stdout?.pause();
    const client = daemon.connect();
    for (let n = 0; n < 5; n += 1)
      await client.recordBatch([{ type: 'late', source: 's', timestamp: 1 + n, data: {} }]);
    running.process.stdout?.resume();
    const { exitCode, stdout } = await running.ended;
    assert.deepEqual([exitCode, stdout.length], [0, 'hex(zeroblob(2000))\n'.length + 2 * events.length * 4_001]);
    const { stdout: count } = await sql('--no-head', "SELECT count(*) FROM events WHERE event_type = 'late'");
    assert.equal(count, '5\n');
  });
});

describe('sql without a daemon', () => {
  test('after it has ended, and after it was killed: reads all, and makes no file', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      using home = preparedHome();
      const daemon = await DaemonProcess.start({ home: home.path });
      await daemon.connect().recordBatch(events);
      await daemon.kill(signal);
      const files = () => readdirSync(home.paths.dataDirectory).toSorted();
      const left = files();
      assert.equal(left.includes('events.db-wal'), signal === 'SIGKILL');
      const { stdout } = await daybook(home.path, [
        'sql',
        '--no-head',
        'SELECT count(*), sum(length(data)) > 5000 FROM readable',
      ]);
      assert.equal(stdout, `${events.length}\t1\n`);
      assert.deepEqual(files(), left);
    }
  });

  test('where there is none, another one, or a damaged one', async () => {
    using home = preparedHome();
    const { database, config } = home.paths;
    const sql = (...args: string[]) =>
      daybook(home.path, ['sql', 'SELECT count(*), sum(length(data)) FROM readable', ...args]);
    assertRefused(await sql(), 1, `there is no database at ${database}`);
    assert.deepEqual(readdirSync(dirname(database)), []);
    writeFileSync(database, '');
    assertRefused(await sql(), 1, `nothing is in ${database}`);
    writeFileSync(database, 'no database '.repeat(500));
    assertRefused(await sql(), 1, `${database} is damaged`);

    using prepared = new TemporaryDatabase();
    prepared.append(events);
    prepared.db.pragma('wal_checkpoint(TRUNCATE)');
    copyFileSync(prepared.path, database);
    assert.equal((await sql('--no-head')).exitCode, 0);
    writeFileSync(config, JSON.stringify({ persistence: { database_path: prepared.path } }));
    rmSync(database);
    assert.match((await sql('--no-head')).stdout, new RegExp(`^${events.length}\t`));
    assertRefused(await sql('--database', database), 1, 'there is no database');
    copyFileSync(prepared.path, database);
    overwritePage(database, pageOf(prepared.db, 'event', 0));
    const damaged = await sql('--database', database);
    assertRefused(damaged, 1, 'is damaged', 'daybook verify');

    const foreign = readFileSync(prepared.path);
    foreign.writeUInt32BE(1, 68);
    writeFileSync(database, foreign);
    assertRefused(await sql('--database', database), 1, 'another mark (application_id 1');
    writeFileSync(config, '{');
    assertRefused(await sql(), 1, 'is not JSON');
  });

  test('a daemon that starts meanwhile is noticed once it changes the file', () => {
    using database = new TemporaryDatabase();
    database.append(events.slice(0, 10));
    database.db.close();
    const { db, checkUnchanged } = openDatabase(database.path);
    database.reopen();
    database.append(events.slice(10, 20));
    checkUnchanged();
    assert.deepEqual([...ask(db, 'SELECT count(*) FROM readable').rows], [[10n]]);
    database.db.pragma('wal_checkpoint(TRUNCATE)');
    assert.throws(checkUnchanged, { code: 'busy', message: /a daemon has started/ });
    db.close();
  });

  test('a log without its index is left alone', () => {
    using database = new TemporaryDatabase();
    using home = preparedHome();
    const copy = home.paths.database;
    for (const suffix of ['', '-wal']) copyFileSync(database.path + suffix, copy + suffix);
    assert.throws(() => openDatabase(copy), { code: 'busy', message: /start the daemon once/ });
    assert.ok(!existsSync(`${copy}-shm`));
  });
});
