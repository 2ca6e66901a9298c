import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { type CommandResult, daybook, daybookExecutable, RunningCommand } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { overwritePage, pageOf } from '../../harness/damaged-pages.ts';
import { gapsOf } from '../../harness/gaps-of.ts';
import { ordinaryUser } from '../../harness/ordinary-user.ts';
import { SmallDisk } from '../../harness/small-disk.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { databaseInconsistencies } from '../../harness/database-inconsistencies.ts';
import { numbered, numberedFrom } from '../numbered-events.ts';

interface Backup {
  file: string;
  bytes: number;
  events: number;
  last_id: number;
  duration_ms: number;
}

interface Restored {
  database: string;
  database_id: string;
  set_aside: string | null;
  events: number;
  last_id: number;
  ids_after: number;
}

function reportOf({ exitCode, stdout, stderr }: CommandResult): unknown {
  assert.deepEqual([exitCode, stderr], [0, '']);
  return JSON.parse(stdout);
}

const backupOf = (result: CommandResult) => reportOf(result) as Backup;
const restoredOf = (result: CommandResult) => reportOf(result) as Restored;

function refused({ exitCode, stdout, stderr }: CommandResult, message: RegExp, expected = 1): void {
  assert.deepEqual([exitCode, stdout], [expected, ''], stderr);
  assert.match(stderr, message);
  assert.doesNotMatch(stderr, /^\s+at |Warning:/m);
}

/** What `daybook export` gives of a running daemon, up to an id. */
async function exported(home: string, lastId: number): Promise<string> {
  const { exitCode, stdout } = await daybook(home, ['export', '-', '--where', `id <= ${lastId}`]);
  assert.equal(exitCode, 0);
  return stdout;
}

function idsIn(path: string): number[] {
  const db = new Sqlite(path, { readonly: true });
  try {
    assert.deepEqual(databaseInconsistencies(db), []);
    return db.prepare<[], number>('SELECT id FROM event ORDER BY id').pluck().all();
  } finally {
    db.close();
  }
}

const upTo = (lastId: number) => Array.from({ length: lastId }, (_, index) => index + 1);

describe('backup', () => {
  test('under load is one moment of the history; restored elsewhere it gives the same export', async () => {
    using place = temporaryHome();
    const file = join(place.path, 'history.db');
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch(numberedFrom(0, 5_000));
    const enough = new AbortController();
    let sent = 5_000;
    const load = (async () => {
      for (; !enough.signal.aborted; sent += 10) {
        await pause(5);
        await client.recordBatch(numberedFrom(sent, 10));
      }
    })();
    const made = await daybook(daemon.home, ['backup', file, '--json']);
    enough.abort();
    await load;
    const backup = backupOf(made);
    assert.deepEqual(backup, {
      file,
      bytes: statSync(file).size,
      events: backup.last_id,
      last_id: backup.last_id,
      duration_ms: backup.duration_ms,
    });
    assert.ok(backup.last_id >= 5_000 && backup.last_id % 10 === 0 && backup.last_id < sent, `${backup.last_id}`);
    assert.deepEqual(idsIn(file), upTo(backup.last_id));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(place.path), ['history.db'], 'it leaves nothing else, and needs no log beside it');

    const home = join(place.path, 'another');
    const restored = restoredOf(await daybook(home, ['restore', file, '--json']));
    assert.deepEqual(
      [restored.set_aside, restored.events, restored.last_id, restored.ids_after],
      [null, backup.last_id, backup.last_id, backup.last_id],
    );
    await using other = await DaemonProcess.start({ home });
    assert.equal(await exported(home, backup.last_id), await exported(daemon.home, backup.last_id));
    assert.equal((await daybook(home, ['verify'])).exitCode, 0);
    // Nobody knows here which ids were given after the backup: they must not be taken for the ones to come.
    const [{ databaseId }, original] = await Promise.all([other.connect().ready(), client.ready()]);
    assert.equal(databaseId, restored.database_id);
    assert.notEqual(databaseId, original.databaseId);
    assert.deepEqual(
      (await gapsOf(other)).map(({ reason, count }) => [reason, count]),
      [['lost_after_commit', 0]],
    );
    assert.equal((await other.connect().recordBatch([numbered(9_999_999)])).firstId, backup.last_id + 1);
  });

  test('without a file goes into the configured directory; with no daemon too', async () => {
    using place = temporaryHome();
    const config = { persistence: { backup_directory: join(place.path, 'backups') } };
    await using daemon = await DaemonProcess.start({ home: place.path, config });
    await daemon.connect().recordBatch(numberedFrom(0, 10));
    const first = backupOf(await daybook(place.path, ['backup', '--json']));
    // What a killed one has left goes with the next, and nothing else does.
    const left = `${first.file}.4194305.partial`;
    const foreign = join(place.path, 'backups', 'mine.4194305.partial');
    writeFileSync(left, '');
    writeFileSync(foreign, '');
    await daemon.kill('SIGKILL');
    const text = await daybook(place.path, ['backup']);
    assert.match(
      text.stdout,
      /^file +.*backups.events-[0-9a-f]{8}-\d{8}T\d{9}Z\.db\nsize .*\nevents +10, up to id 10\n/,
    );
    assert.deepEqual([existsSync(left), existsSync(foreign)], [false, true]);
    const backups = readdirSync(join(place.path, 'backups')).filter((name) => name.endsWith('.db'));
    assert.equal(backups.length, 2);
    for (const name of backups) assert.deepEqual(idsIn(join(place.path, 'backups', name)), upTo(10));
  });

  test('says what is wrong with the place', async (t) => {
    using place = temporaryHome();
    const at = (...names: string[]) => join(place.path, ...names);
    const home = at('home');
    refused(await daybook(home, ['backup', at('a.db')]), /there is no database at .*events\.db/);
    await using daemon = await DaemonProcess.start({ home });
    await daemon.connect().recordBatch(numberedFrom(0, 10));
    writeFileSync(at('there.db'), 'mine');
    mkdirSync(at('directory'));
    const [missing, there, database, log, directory] = await Promise.all(
      [
        at('no', 'a.db'),
        at('there.db'),
        daemon.paths.database,
        join(daemon.paths.dataDirectory, 'events.db-wal'),
        at('directory'),
      ].map((file) => daybook(home, ['backup', file, ...(file === at('there.db') ? [] : ['--force'])])),
    );
    refused(missing as CommandResult, /directory .*no is missing; make it: mkdir -p/);
    refused(there as CommandResult, /there\.db is there already; replace it with --force/);
    refused(database as CommandResult, /events\.db is a file of the database itself/);
    refused(log as CommandResult, /events\.db-wal is a file of the database itself/);
    refused(directory as CommandResult, /directory is there already and is no file/);
    assert.equal(readFileSync(at('there.db'), 'utf8'), 'mine');
    reportOf(await daybook(home, ['backup', at('there.db'), '--force', '--json']));
    assert.deepEqual(idsIn(at('there.db')), upTo(10));

    if (ordinaryUser.skip !== false) return t.skip(ordinaryUser.skip);
    await daemon.kill('SIGTERM');
    ordinaryUser.own(place.path);
    mkdirSync(at('closed'), { mode: 0o500 });
    const [program, ...args] = [
      ...ordinaryUser.under,
      process.execPath,
      daybookExecutable,
      'backup',
      at('closed', 'a.db'),
    ];
    const closed = await new RunningCommand(program, args, { environment: { DAYBOOK_HOME: home } }).ended;
    refused(closed, /nothing can be written into .*closed: it belongs to user \d+; name a file elsewhere/);
  });

  test('to a full disk leaves nothing there', async (t) => {
    if (SmallDisk.skip !== false) return t.skip(SmallDisk.skip);
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch(numberedFrom(0, 12_000));
    using disk = await SmallDisk.mount('1m');
    const [program, ...args] = [...disk.under, process.execPath, daybookExecutable, 'backup', join(disk.path, 'a.db')];
    const { ended } = new RunningCommand(program ?? '', args, { environment: { DAYBOOK_HOME: daemon.home } });
    refused(await ended, /has room for \d+ bytes and \d+ are needed; make room, or use another disk/);
    assert.deepEqual(readdirSync(disk.outside), []);
  });

  test('of a damaged database is none', async () => {
    using place = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: place.path });
    await daemon.connect().recordBatch(numberedFrom(0, 3_000));
    await daemon.stop();
    const { database } = daemon.paths;
    const db = new Sqlite(database, { readonly: true });
    const page = pageOf(db, 'event_by_name', 3);
    db.close();
    overwritePage(database, page);
    const file = join(place.path, 'a.db');
    refused(await daybook(place.path, ['backup', file]), /is damaged: .*\n.*daybook verify/);
    assert.equal(existsSync(file), false);
    assert.deepEqual(
      readdirSync(place.path).filter((name) => name.includes('partial')),
      [],
    );
  });
});

describe('restore', () => {
  let backup: Backup;
  const place = temporaryHome();
  const home = join(place.path, 'home');

  before(async () => {
    await using daemon = await DaemonProcess.start({ home });
    await daemon.connect().recordBatch(numberedFrom(0, 2_000));
    backup = backupOf(await daybook(home, ['backup', join(place.path, 'a.db'), '--json']));
    await daemon.connect().recordBatch(numberedFrom(2_000, 50));
  });
  after(() => place.remove());

  test('into the same history goes on behind every id that was given, and says what is gone', async () => {
    const { database } = await (async () => {
      await using daemon = await DaemonProcess.start({ home });
      refused(
        await daybook(home, ['restore', backup.file, '--yes']),
        /already running \(pid \d+\); stop it first: daybook stop/,
      );
      return daemon.paths;
    })();
    refused(await daybook(home, ['restore', backup.file]), /there is a database with ids up to 2,050 at .*--yes/, 2);
    const restored = restoredOf(await daybook(home, ['restore', backup.file, '--yes', '--json']));
    assert.deepEqual([restored.events, restored.last_id, restored.ids_after], [2_000, 2_000, 2_050]);
    const aside = restored.set_aside ?? assert.fail('it names where the old one is');
    assert.deepEqual(idsIn(aside), upTo(2_050), 'the old database is whole');

    await using daemon = await DaemonProcess.start({ home });
    const client = daemon.connect();
    const { databaseId } = await client.ready();
    assert.equal(databaseId, restored.database_id);
    const gaps = await gapsOf(daemon);
    assert.deepEqual(
      gaps.map(({ reason, count }) => [reason, count]),
      [['lost_after_commit', 50]],
    );
    // Whoever has seen the lost ones goes on behind them and sees what is new.
    const tail = client.tail({ after: { databaseId, id: 2_050 } });
    assert.equal((await client.recordBatch([numbered(2_000)])).firstId, 2_051, 'a lost event can come again');
    assert.equal((await tail.next()).value?.id, 2_051);
    await tail.return();
    assert.equal(existsSync(`${database}-wal`), true);
    assert.equal((await daybook(home, ['verify'])).exitCode, 0);
  });

  test('refuses what is no sound backup, and changes nothing', async () => {
    const other = join(place.path, 'other');
    const damaged = (name: string, change: (bytes: Buffer) => Buffer) => {
      const file = join(place.path, name);
      writeFileSync(file, change(readFileSync(backup.file)));
      return file;
    };
    const flipped = (at: (bytes: Buffer) => number) => (bytes: Buffer) => {
      const offset = at(bytes);
      bytes[offset] = (bytes[offset] ?? 0) ^ 1;
      return bytes;
    };
    const newer = join(place.path, 'newer.db');
    damaged('newer.db', (bytes) => bytes);
    new Sqlite(newer).pragma('user_version = 999');
    truncateSync(
      damaged('cut.db', (bytes) => bytes),
      backup.bytes - 4_096,
    );
    const cases: [file: string, message: RegExp][] = [
      [join(place.path, 'none.db'), /there is no file .*none\.db/],
      [damaged('export.ndjson', () => Buffer.from('{"type":"a"}\n')), /no backup of daybook; .*daybook import/],
      [damaged('a.db.gz', (bytes) => gzipSync(bytes)), /no backup of daybook; it is compressed/],
      [
        damaged(
          'payload.db',
          flipped((bytes) => bytes.indexOf('{"n":1234}') + 6),
        ),
        /payload\.db is damaged: event 1235: it is not what was stored/,
      ],
      [
        damaged(
          'page.db',
          flipped((bytes) => Math.floor(bytes.length / 8_192) * 4_096),
        ),
        /is damaged: /,
      ],
      [newer, /schema 999 and this daybook knows \d+; install a newer daybook/],
      [join(place.path, 'cut.db'), /is damaged: /],
    ];
    const results = await Promise.all(cases.map(([file], index) => daybook(`${other}${index}`, ['restore', file])));
    for (const [index, [, message]] of cases.entries()) {
      refused(results[index] as CommandResult, message);
      const left = readdirSync(join(`${other}${index}`, 'data'));
      assert.deepEqual(
        left.filter((name) => !name.startsWith('daybook.lock')),
        ['events.db.lock'].filter((name) => left.includes(name)),
      );
    }
    rmSync(newer);
  });
});
