import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { migrations } from '../../../daemon/storage/migrate.ts';
import { daybookPaths } from '../../../shared/paths.ts';
import { ActingSystemd } from '../../harness/acting-systemd.ts';
import { type CommandResult, daybook, daybookExecutable, RunningCommand } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { skipWithout } from '../../harness/program.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

const isLinux = process.platform === 'linux';
const skip = isLinux ? skipWithout('python3') : 'this is the service of systemd';
const both = 'daybook.socket daybook.service';

interface Status {
  state: string;
  service: string;
  pid: number | null;
  last_exit?: string | null;
  last_error?: { time: number; text: string } | null;
  cure?: string;
}

async function statusOf(systemd: ActingSystemd): Promise<Status & { exitCode: number | null }> {
  const { stdout, exitCode } = await systemd.run('status', '--json');
  return { ...(JSON.parse(stdout) as Status), exitCode };
}

function succeeded({ exitCode, stdout, stderr }: CommandResult): string {
  assert.deepEqual([exitCode, stderr], [0, ''], stdout);
  return stdout;
}

function runningPid(text: string): number {
  const [, pid] = /^running \(pid (\d+)\)$/m.exec(text) ?? [];
  assert.ok(pid !== undefined, text);
  return Number(pid);
}

/** Runs `daybook` on a terminal of its own, where somebody types the answer. What it prints is on stdout. */
function onTerminal(
  home: string,
  args: string[],
  typed: string,
  environment: NodeJS.ProcessEnv,
): Promise<CommandResult> {
  const script = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
  return new RunningCommand('python3', ['-c', script, process.execPath, daybookExecutable, ...args], {
    input: typed,
    environment: { ...environment, DAYBOOK_HOME: home },
  }).ended;
}

function changeDatabase(path: string, sql: string): void {
  const db = new Sqlite(path);
  db.exec(sql);
  db.close();
}

describe('the service, with a real daemon', { skip }, () => {
  test('its whole life', async (t) => {
    await using systemd = await ActingSystemd.begin();
    const { home, units } = systemd;
    const paths = daybookPaths({ DAYBOOK_HOME: home });
    const unitPath = join(units, 'daybook.service');
    let pid = 0;

    await t.test('before it is installed, start says so', async () => {
      const { exitCode, stdout, stderr } = await systemd.run('start');
      assert.deepEqual([exitCode, stdout], [1, '']);
      assert.match(stderr, /^daybook: .*daybook install/s);
      const status = await statusOf(systemd);
      assert.deepEqual([status.state, status.service, status.exitCode], ['stopped', 'not-installed', 3]);
      assert.deepEqual(systemd.takeCalls(), []);
    });

    await t.test('install starts it, behind a socket that only its user can open', async () => {
      const text = succeeded(await systemd.run('install'));
      pid = runningPid(text);
      assert.ok(text.startsWith(`${unitPath}: created\n`), text);
      assert.deepEqual(systemd.takeCalls(), ['daemon-reload', `enable ${both}`, `stop ${both}`, `start ${both}`]);
      const unit = readFileSync(unitPath, 'utf8');
      assert.ok(unit.includes(daybookExecutable) && unit.includes(process.execPath), unit);
      assert.ok(unit.includes(`DAYBOOK_HOME=${home}`) && unit.includes('DAYBOOK_SUPERVISED=systemd'), unit);
      assert.equal(statSync(paths.socket).mode & 0o777, 0o600);
      succeeded(await systemd.run('send', 'note', '--source', 'me'));
      assert.match(succeeded(await systemd.run('config', 'set', 'persistence.batch_size', '7')), /in force now/);
    });

    await t.test('install again repairs what was moved, edited or deleted, and says what it was', async () => {
      const unit = readFileSync(unitPath, 'utf8');
      writeFileSync(unitPath, unit.replace(process.execPath, '/moved/node').replace('UMask=0077', 'UMask=0000'));
      const text = succeeded(await systemd.run('install'));
      assert.match(text, /: repaired\n {2}ExecStart: ":\/moved\/node" .* -> .*\n {2}UMask: 0000 -> 0077\nrunning/);
      assert.equal(readFileSync(unitPath, 'utf8'), unit);
      assert.notEqual(runningPid(text), pid, 'the installed version runs now');
      pid = runningPid(text);
    });

    await t.test('restart waits for another process; clients wait at the socket meanwhile', async () => {
      systemd.takeCalls();
      const { ino } = lstatSync(paths.socket);
      const [restarted, sent] = await Promise.all([
        systemd.run('restart'),
        systemd.run('send', 'note', '--source', 'me'),
      ]);
      assert.equal(sent.exitCode, 0, sent.stderr);
      assert.notEqual(runningPid(succeeded(restarted)), pid);
      pid = runningPid(restarted.stdout);
      assert.equal(lstatSync(paths.socket).ino, ino);
      assert.deepEqual(systemd.takeCalls(), ['restart daybook.service']);
    });

    await t.test('one that stands still is unreachable, one that was killed is started again', async () => {
      process.kill(pid, 'SIGSTOP');
      const stuck = await statusOf(systemd);
      assert.deepEqual([stuck.state, stuck.service, stuck.pid, stuck.exitCode], ['unreachable', 'running', pid, 3]);
      assert.match(stuck.cure ?? '', /daybook restart/);
      process.kill(pid, 'SIGKILL');
      const again = await waitFor('another daemon', async () => {
        const status = await statusOf(systemd);
        return status.state === 'running' && status.pid !== pid ? status : undefined;
      });
      pid = again.pid ?? 0;
    });

    await t.test('one that ended in order is stopped; looking does not start it, a client does', async () => {
      process.kill(pid, 'SIGTERM');
      await waitFor('its end', () => !existsSync(`/proc/${pid}`));
      const stopped = await statusOf(systemd);
      assert.deepEqual([stopped.service, stopped.last_exit, stopped.exitCode], ['stopped', 'exit code 0', 3]);
      assert.ok(lstatSync(paths.socket).isSocket(), 'its file belongs to systemd');
      assert.match(succeeded(await systemd.run('send', 'note', '--source', 'me')), /stored/);
      assert.equal((await statusOf(systemd)).state, 'running');
    });

    await t.test('stop takes the socket along, so that no client starts it', async () => {
      systemd.takeCalls();
      assert.equal(succeeded(await systemd.run('stop')), 'stopped\n');
      assert.deepEqual(systemd.takeCalls(), [`stop ${both}`]);
      assert.ok(!existsSync(paths.socket));
      assert.equal((await systemd.run('send', 'note', '--source', 'me')).exitCode, 3);
      await systemd.systemctl('disable', 'daybook.service');
      const disabled = await statusOf(systemd);
      assert.deepEqual([disabled.state, disabled.service, disabled.exitCode], ['disabled', 'disabled', 3]);
    });

    await t.test('a daemon that somebody runs by hand is not started beside', async () => {
      await using byHand = await DaemonProcess.start({ home });
      for (const command of ['start', 'uninstall --purge --yes']) {
        const { exitCode, stderr } = await systemd.run(...command.split(' '));
        assert.equal(exitCode, 1, command);
        assert.match(stderr, new RegExp(`runs already \\(pid ${byHand.process.pid}\\); end it first: kill`));
      }
      assert.ok(existsSync(paths.database));
    });

    await t.test('an older version refuses a newer database, and status says why', async () => {
      const newest = migrations().length;
      changeDatabase(paths.database, `PRAGMA user_version = ${newest + 1}`);
      const refused = await systemd.run('start');
      assert.equal(refused.exitCode, 1);
      const reason = new RegExp(
        `has schema ${newest + 1} and this daybook knows ${newest}; .*: install a newer daybook`,
      );
      assert.match(refused.stderr, /^daybook: the daemon has ended.*; it said last/);
      assert.match(refused.stderr, reason);
      const crashed = await statusOf(systemd);
      assert.deepEqual([crashed.state, crashed.last_exit, crashed.exitCode], ['crashed', 'exit code 78', 3]);
      assert.match(crashed.last_error?.text ?? '', reason);
      assert.match((await systemd.run('status')).stdout, /^last error +\d{4}-.*install a newer daybook$/m);
      await systemd.run('stop');
      changeDatabase(paths.database, `PRAGMA user_version = ${newest}`);
      runningPid(succeeded(await systemd.run('start')));
    });

    await t.test('uninstall leaves the data and says where it is', async () => {
      systemd.takeCalls();
      const kept = `your events are still in ${paths.database}\n`;
      assert.equal(succeeded(await systemd.run('uninstall')), `removed ${unitPath}\n${kept}`);
      assert.deepEqual(systemd.takeCalls(), [`disable --now ${both}`, 'daemon-reload']);
      assert.ok(!existsSync(unitPath) && !existsSync(paths.socket) && existsSync(paths.database));
      const again = succeeded(await systemd.run('uninstall'));
      assert.equal(again, `nothing to remove: there is no ${unitPath}\n${kept}`);
    });
  });
});

describe('uninstall --purge', () => {
  /** Home directory and service manager of nobody. */
  function environmentIn(place: string): NodeJS.ProcessEnv {
    return { HOME: place, XDG_CONFIG_HOME: join(place, 'xdg'), XDG_CACHE_HOME: join(place, 'caches') };
  }

  test("deletes what is Daybook's, names it first, follows no link and leaves what is not", async () => {
    using place = temporaryHome();
    const elsewhere = join(place.path, 'elsewhere');
    mkdirSync(elsewhere, { mode: 0o700 });
    writeFileSync(join(elsewhere, 'precious'), 'precious');
    const database = join(elsewhere, 'my.db');
    await using daemon = await DaemonProcess.start({ config: { persistence: { database_path: database } } });
    const { home, paths } = daemon;
    const purge = (...args: string[]) =>
      daybook(home, ['uninstall', '--purge', ...args], { environment: environmentIn(place.path) });
    await daemon.connect({ spool: false }).recordBatch([{ type: 'a', source: 'b' }]);

    const busy = await purge('--yes');
    assert.deepEqual([busy.exitCode, busy.stdout], [1, '']);
    assert.match(busy.stderr, new RegExp(`pid ${daemon.process.pid}`));
    await daemon.kill('SIGKILL');

    // A daemon that does not answer, but is there: as the test, from another process.
    const lock = new Sqlite(`${database}.lock`);
    lock.pragma('journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
    const locked = await purge('--yes');
    lock.close();
    assert.equal(locked.exitCode, 1);
    assert.match(locked.stderr, /uses these files, so nothing was deleted; end it/);

    mkdirSync(join(paths.dataDirectory, 'spool', 'fs'), { recursive: true });
    symlinkSync(elsewhere, join(paths.dataDirectory, 'spool', 'fs', 'link'));
    symlinkSync(elsewhere, join(paths.dataDirectory, 'backups'));
    writeFileSync(`${database}.schema-1`, 'x'.repeat(3_000));
    writeFileSync(join(paths.dataDirectory, 'mine.txt'), 'mine');
    const unasked = await purge();
    assert.equal(unasked.exitCode, 2);
    assert.match(unasked.stderr, /there is no terminal; add --yes/);
    assert.match(unasked.stdout, new RegExp(`^ +2\\.9 KiB +${database}\\.schema-1$`, 'm'));
    assert.match(unasked.stdout, /^ +link +.*backups \(what it leads to stays: .*elsewhere\)$/m);
    assert.match(unasked.stdout, /^ *\S+ \w+ +in all$/m);
    assert.ok(existsSync(database) && existsSync(paths.config));

    const done = await purge('--yes');
    assert.deepEqual([done.exitCode, done.stderr], [0, '']);
    assert.match(done.stdout, /^deleted\nleft: .*mine\.txt \(not made by Daybook\)\n$/m);
    for (const path of [
      database,
      `${database}-wal`,
      `${database}.marker`,
      paths.config,
      paths.log,
      paths.logDirectory,
    ]) {
      assert.ok(!existsSync(path), path);
    }
    assert.equal(readFileSync(join(elsewhere, 'precious'), 'utf8'), 'precious');
    assert.match((await purge('--yes')).stdout, /there is nothing to delete/);
    assert.equal((await daybook(home, ['uninstall', '--yes'], { environment: environmentIn(place.path) })).exitCode, 2);
  });

  test('asks on a terminal; only yes is one', { skip: isLinux ? skipWithout('python3') : 'pty of Linux' }, async () => {
    using home = temporaryHome();
    using place = temporaryHome();
    const { database, dataDirectory } = daybookPaths({ DAYBOOK_HOME: home.path });
    mkdirSync(dataDirectory, { mode: 0o700 });
    writeFileSync(database, 'events');
    const answer = (text: string) => onTerminal(home.path, ['uninstall', '--purge'], text, environmentIn(place.path));
    const no = await answer('no\n');
    assert.equal(no.exitCode, 1, no.stdout);
    assert.match(no.stdout, /Delete all of this for good.*nothing was deleted/s);
    assert.ok(existsSync(database));
    const yes = await answer('yes\n');
    assert.equal(yes.exitCode, 0, yes.stdout);
    assert.ok(!existsSync(database));
  });
});
