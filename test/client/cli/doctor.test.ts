import assert from 'node:assert/strict';
import Sqlite from 'better-sqlite3';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { examine } from '../../../client/cli/doctor/examine.ts';
import type { Finding } from '../../../client/cli/doctor/finding.ts';
import { lookAtFile } from '../../../client/cli/doctor/look-at-file.ts';
import { shortenHomes } from '../../../client/cli/doctor/shorten-homes.ts';
import { lookAround } from '../../../client/cli/doctor/situation.ts';
import { thisService } from '../../../client/cli/service.ts';
import { limits } from '../../../shared/limits.ts';
import { daybookPaths } from '../../../shared/paths.ts';
import { daybook, daybookExecutable, RunningCommand } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { overwritePage, pageOf } from '../../harness/damaged-pages.ts';
import { SmallDisk } from '../../harness/small-disk.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

/** This process is the person at the keyboard: a home directory, and service managers that only answer. */
function moveIn(directory: string): void {
  mkdirSync(join(directory, 'tools'));
  const answers = `#!/bin/sh
[ "$2" = show ] && { echo Id=daybook.service; echo ActiveState=active; [ -f '${directory}/stale' ] && echo NeedDaemonReload=yes; }
[ "$1" = print ] && [ -f '${directory}/stale' ] && echo '	program = /elsewhere/node'
exit 0
`;
  for (const name of ['systemctl', 'launchctl']) {
    writeFileSync(join(directory, 'tools', name), answers);
    chmodSync(join(directory, 'tools', name), 0o755);
  }
  process.env['HOME'] = directory;
  process.env['XDG_CONFIG_HOME'] = '';
  process.env['PATH'] = `${join(directory, 'tools')}:${process.env['PATH']}`;
}

async function look(home: string): Promise<Finding[]> {
  process.env['DAYBOOK_HOME'] = home;
  return examine(await lookAround(process.env));
}

const notOk = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== 'ok');

/** Exactly this is found, and nothing else is wrong. */
function assertFound(findings: readonly Finding[], level: string, check: string, message: RegExp, cure: RegExp): void {
  const found = notOk(findings);
  assert.deepEqual(
    found.map((finding) => [finding.level, finding.check]),
    [[level, check]],
    JSON.stringify(found),
  );
  assert.match(found[0]?.message ?? '', message);
  assert.match(found[0]?.cure ?? '', cure);
}

// A LaunchAgent cannot be root's, and CI on Linux is.
const skip = process.platform === 'linux' ? false : 'the definition that is edited here is that of systemd';

describe('daybook doctor', { skip }, () => {
  test('beside a daemon: healthy, and broken in each way that one survives', async () => {
    using place = temporaryHome();
    await using daemon = await DaemonProcess.start();
    moveIn(place.path);
    const { paths, home } = daemon;
    process.env['DAYBOOK_HOME'] = home;
    const { definitionPath } = await thisService().install();
    const client = daemon.connect({ spool: false });
    await client.recordBatch([{ type: 'secret-type', source: 'secret-source', data: { text: 'secret-content' } }]);

    assert.deepEqual(notOk(await look(home)), []);

    const definition = readFileSync(definitionPath, 'utf8');
    writeFileSync(definitionPath, definition.replace(daybookExecutable, '/gone/daybook.js'));
    assertFound(
      await look(home),
      'failed',
      'service',
      /runs \/gone\/daybook\.js, which is not there/,
      /^daybook install$/,
    );
    writeFileSync(definitionPath, definition.replace('UMask=0077', 'UMask=0022'));
    assertFound(await look(home), 'warning', 'service', /UMask: 0022 -> 0077/, /^daybook install$/);
    writeFileSync(definitionPath, definition);
    writeFileSync(join(place.path, 'stale'), '');
    assertFound(await look(home), 'warning', 'service', /goes by an older/, /^daybook install$/);
    rmSync(join(place.path, 'stale'));

    chmodSync(paths.dataDirectory, 0o755);
    assertFound(await look(home), 'failed', 'directories', /mode 0755/, /^chmod 700 .*data$/);
    chmodSync(paths.dataDirectory, 0o700);

    mkdirSync(paths.configDirectory, { recursive: true, mode: 0o700 });
    writeFileSync(paths.config, '{"persistence": {"batchsize": 1}}', { mode: 0o600 });
    assertFound(await look(home), 'failed', 'configuration', /batchsize: is not a key/, /daybook config/);
    writeFileSync(paths.config, '{"persistence": {"batch_size": 7}}');
    assertFound(await look(home), 'warning', 'configuration', /another persistence\.batch_size/, /^daybook restart$/);
    rmSync(paths.config);

    truncateSync(paths.log, 2 * limits.logFileBytes + 1);
    assertFound(await look(home), 'warning', 'log', /not rotated/, /daybook restart/);
    truncateSync(paths.log, 0);
    appendFileSync(paths.log, '{"level":30,"time":"now","client":"secret-client","msg":"hello"}\n');

    renameSync(`${paths.dataDirectory}/daybook.lock`, `${paths.dataDirectory}/elsewhere`);
    assertFound(await look(home), 'failed', 'instance lock', /its lock was deleted/, /daybook restart/);
    renameSync(`${paths.dataDirectory}/elsewhere`, `${paths.dataDirectory}/daybook.lock`);

    const spool = join(paths.dataDirectory, 'spool');
    mkdirSync(spool, { mode: 0o700, recursive: true });
    chmodSync(spool, 0o750);
    assertFound(await look(home), 'failed', 'spools', /open to other users/, /daybook spool/);
    chmodSync(spool, 0o700);

    await client.close();
    assert.equal((await daybook(home, ['verify'])).exitCode, 0);
    const bundle = join(place.path, 'bundle.tar.gz');
    const { exitCode, stdout, stderr } = await daybook(home, ['doctor', '--json', '--bundle', bundle]);
    assert.deepEqual([exitCode, stderr], [0, '']);
    const report = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
    assert.equal(report.ok, true);
    assert.match(report.findings.find(({ check }) => check === 'integrity')?.message ?? '', /^looked through \d+s ago/);
    const archive = gunzipSync(readFileSync(bundle)).toString('latin1');
    for (const name of ['doctor', 'machine', 'settings', 'status', 'stats']) {
      assert.ok(archive.includes(`daybook/${name}.json\0`), name);
    }
    assert.match(archive, /"types": 2,\n\s*"sources": 2/);
    assert.doesNotMatch(archive, /secret/);
    assert.ok(!archive.includes(place.path), 'the home directory is ~');
    assert.equal(statSync(bundle).mode & 0o777, 0o600);
    const again = await daybook(home, ['doctor', '--bundle', bundle]);
    assert.equal(again.exitCode, 1, 'an existing file is not replaced');
    assert.match(again.stderr, /EEXIST/);

    await daemon.kill('SIGTERM');
    await withoutDaemon(home, place.path);
  });

  test('ends beside a daemon that hangs, and says so', async () => {
    await using daemon = await DaemonProcess.start();
    daemon.process.kill('SIGSTOP');
    const { exitCode, stdout } = await daybook(daemon.home, ['doctor']);
    daemon.process.kill('SIGCONT');
    assert.equal(exitCode, 1);
    assert.match(stdout, /^failed +socket +it takes connections and has not answered for 3 s$/m);
  });

  test('where there is no room, or the place is none for a database', async (context) => {
    using place = temporaryHome();
    const synced = join(place.path, 'Dropbox (Work)', 'daybook');
    const link = join(place.path, 'link');
    mkdirSync(synced, { recursive: true });
    symlinkSync(synced, link);
    const found = (await look(link)).find(({ check }) => check === 'synced folders');
    assert.deepEqual([found?.level, found?.message.includes('Dropbox')], ['failed', true]);
    assert.match(found?.cure ?? '', /daybook stop, move/);

    const long = await look(join(place.path, 'x'.repeat(120)));
    const path = long.find(({ check }) => check === 'path lengths');
    assert.deepEqual([path?.level, /DAYBOOK_HOME/.test(path?.cure ?? '')], ['failed', true]);

    if (SmallDisk.skip !== false) return context.skip(SmallDisk.skip);
    using disk = await SmallDisk.mount('1m');
    const args = [...disk.under.slice(1), process.execPath, daybookExecutable, 'doctor'];
    const { exitCode, stdout } = await new RunningCommand(disk.under[0] ?? '', args, {
      environment: { DAYBOOK_HOME: disk.path },
    }).ended;
    assert.equal(exitCode, 1);
    assert.match(stdout, /^failed +free space +\d.* [KM]iB at .*\n +cure: make room/m);
  });
});

/** The home of a daemon that has ended; each fault in a copy. */
async function withoutDaemon(home: string, place: string): Promise<void> {
  process.umask(0o077);
  const broken = async (name: string, fault: (paths: ReturnType<typeof daybookPaths>) => void) => {
    const copy = join(place, name);
    cpSync(home, copy, { recursive: true });
    const paths = daybookPaths({ DAYBOOK_HOME: copy });
    fault(paths);
    const before = readdirSync(paths.dataDirectory);
    // Nobody answers, and the definition is that of another home: both are said in each of these.
    const findings = notOk(await look(copy)).filter(({ check }) => check !== 'service');
    assert.deepEqual(readdirSync(paths.dataDirectory), before, 'looking leaves nothing behind');
    assert.ok(findings.some(({ check, level }) => check === 'socket' && level === 'failed'));
    const others = findings.filter(({ check }) => check !== 'socket');
    return others.map(({ level, check, message, cure }) => `${level} ${check}: ${message} (${cure})`).join('\n');
  };

  assert.equal(await broken('sound', () => undefined), '');

  const ahead = await broken('clock', ({ database }) => {
    const db = new Sqlite(database);
    db.prepare('UPDATE event SET arrived = arrived + 90000').run();
    db.close();
  });
  assert.match(ahead, /^failed clock: .* stored 1d (1h|0h) in the future/);

  const missing = await broken('missing', ({ database }) => rmSync(database));
  assert.match(missing, /^failed database: .* is missing, and its marker says there was one \(.*--init\)$/);

  const garbage = await broken('garbage', ({ database }) => {
    const bytes = readFileSync(database);
    bytes.fill(0xa5, 0, 200);
    writeFileSync(database, bytes);
  });
  assert.match(garbage, /^failed database: .*damaged.*\(daybook start, then daybook verify, .*\)$/);

  const newer = await broken('newer', ({ database }) => {
    change(database, 'PRAGMA user_version = 9');
    writeFileSync(`${database}.schema-3`, '');
  });
  assert.match(
    newer,
    /^failed database: .* has schema 9 and this daybook knows \d \(copies .*: events\.db\.schema-3\) \(install/,
  );

  const marked = await broken('marked', ({ database }) => change(database, 'PRAGMA application_id = 7'));
  assert.match(
    marked,
    /^failed database: .*application_id 7, .*\(.*sqlite3 '.*' 'PRAGMA application_id = 1147238754'\)$/,
  );

  const page = await broken('page', ({ database }) => {
    const db = new Sqlite(database, { readonly: true });
    const leaf = pageOf(db, 'event', 0);
    db.close();
    overwritePage(database, leaf);
    const { problem, share } = lookAtFile(database, 1, 1_000);
    assert.deepEqual([problem?.code, share], ['damaged_database', 0], 'a large file is looked at in slices');
  });
  assert.match(page, /^failed database: .* is damaged: .*daybook verify/);

  const old = await broken('integrity', ({ database }) => {
    const noted = JSON.parse(readFileSync(`${database}.verified`, 'utf8')) as { at: number };
    writeFileSync(`${database}.verified`, JSON.stringify({ ...noted, at: noted.at - 40 * 86_400 }));
  });
  assert.match(old, /^warning integrity: looked through 40d.* \(daybook verify\)$/);

  // In the process of the test itself the lock would let everybody through.
  const lock = new Sqlite(join(home, 'data', 'daybook.lock'));
  lock.pragma('journal_mode = MEMORY');
  lock.exec('BEGIN EXCLUSIVE');
  writeFileSync(join(home, 'data', 'daybook.lock.owner'), '4711\n');
  const held = await daybook(home, ['doctor']);
  lock.close();
  assert.equal(held.exitCode, 1);
  assert.match(held.stdout, /^failed +instance lock +pid 4711 holds it and does not answer\n +cure: .*kill 4711$/m);
}

/** Changes a database as another program would. */
function change(path: string, sql: string): void {
  const db = new Sqlite(path);
  db.exec(sql);
  db.close();
}

test('home directories are shortened, those of others too', () => {
  assert.equal(
    shortenHomes('{"a":"/srv/zoe/x","b":"/Users/max/y","c":"/home/eva"}', '/srv/zoe'),
    '{"a":"~/x","b":"~/y","c":"~"}',
  );
});
