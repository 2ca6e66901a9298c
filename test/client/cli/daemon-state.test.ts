import assert from 'node:assert/strict';
import { symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { awaitReady } from '../../../client/cli/service-life/await-ready.ts';
import { lookAtDaemon } from '../../../client/cli/service-life/daemon-state.ts';
import type { Service, ServiceReport, ServiceWords } from '../../../launchd/service.ts';
import { daybookVersion } from '../../../shared/protocol-version.ts';
import { removeStartNotice, writeStartNotice } from '../../../shared/start-notice.ts';
import { daybook } from '../../harness/command-line.ts';
import { FakeDaemon } from '../../harness/fake-daemon.ts';
import { preparedHome } from '../../harness/prepared-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

const NEVER = () => Promise.reject(new Error('nobody asks for it here'));

/** A service manager that only says how the daemon is. */
function saying(report: Partial<ServiceReport> & { state: ServiceReport['state'] }, words?: ServiceWords): Service {
  return {
    install: NEVER,
    uninstall: NEVER,
    start: NEVER,
    stop: NEVER,
    restart: NEVER,
    inspect: NEVER,
    report: () => Promise.resolve({ isListening: false, ...report }),
    lastError: () => Promise.resolve(words),
  };
}

/** A home in which nobody answers, as this process's own. */
function quietHome() {
  const home = preparedHome();
  process.env['DAYBOOK_HOME'] = home.path;
  return home;
}

const entry = (pid: number, level: number, msg: string, secondsAgo: number, more = {}) =>
  `${JSON.stringify({ level, time: new Date(Date.now() - secondsAgo * 1000).toISOString(), pid, ...more, msg })}\n`;

/** A daemon (this process) that says that it starts. */
function sayStarting(dataDirectory: string): void {
  const at = Date.now() / 1000;
  const notice = { pid: process.pid, started: at - 90, at, doing: 'saving what can be read', share: 0.25 };
  writeStartNotice(dataDirectory, notice);
}

const now = (text: string) => ({ text, timeMs: Date.now() });

describe('lookAtDaemon', () => {
  const table: [what: string, service: Service | undefined, log: string, state: string, lastError?: string][] = [
    ['no service manager', undefined, '', 'stopped'],
    ['not installed', saying({ state: 'not-installed' }), '', 'stopped'],
    ['stopped by its user', saying({ state: 'stopped' }, now('old')), '', 'stopped'],
    [
      'ended in order',
      saying({ state: 'stopped', lastExit: 'exit code 0' }),
      entry(1, 50, 'old', 9) + entry(1, 30, 'stopped', 8),
      'stopped',
    ],
    [
      'refused to start under launchd',
      saying({ state: 'stopped', lastExit: 'exit code 0' }, now('no')),
      '',
      'crashed',
      'no',
    ],
    [
      'ended long after its last words',
      saying({ state: 'stopped', lastExit: 'exit code 0', endedMs: Date.now() - 3_600_000 }, now('no')),
      '',
      'stopped',
    ],
    [
      'crashed, and only the log says why',
      saying({ state: 'failed' }),
      entry(7, 30, 'ready', 9) + entry(7, 60, 'the writer thread died', 3, { error: 'boom' }),
      'crashed',
      'the writer thread died: boom',
    ],
    [
      'crashed, and what was printed is from an earlier life',
      saying({ state: 'failed' }, { text: 'old', timeMs: Date.now() - 60_000 }),
      entry(7, 30, 'ready', 9),
      'crashed',
    ],
    ['being started', saying({ state: 'starting' }), '', 'starting'],
    ['a process that has not come to its lock', saying({ state: 'running', pid: 7 }), '', 'starting'],
    ['a process that was ready', saying({ state: 'running', pid: 7 }), entry(7, 30, 'ready', 3), 'unreachable'],
    ['a process after one that was ready', saying({ state: 'running', pid: 8 }), entry(7, 30, 'ready', 3), 'starting'],
    ['switched off', saying({ state: 'disabled' }), '', 'disabled'],
  ];
  for (const [what, service, log, state, lastError] of table) {
    test(`${what}: ${state}`, async () => {
      using home = quietHome();
      if (log !== '') writeFileSync(home.paths.log, log);
      const sight = await lookAtDaemon(service, home.paths);
      assert.deepEqual([sight.state, sight.lastError?.text], [state, lastError]);
    });
  }

  test('does not knock at a socket where that would start the daemon', async () => {
    using home = quietHome();
    let knocks = 0;
    const server = createServer((socket) => {
      knocks += 1;
      socket.destroy();
    }).listen(home.paths.socket);
    for (const state of ['failed', 'stopped', 'disabled'] as const) {
      await lookAtDaemon(saying({ state, isListening: true }), home.paths);
    }
    assert.equal(knocks, 0);
    await lookAtDaemon(saying({ state: 'running', isListening: true }), home.paths);
    assert.equal(knocks, 1);
    server.close();
  });

  test('a process that has held its lock for long and takes no connection is unreachable', async () => {
    using home = quietHome();
    writeFileSync(join(home.paths.dataDirectory, 'daybook.lock.owner'), '7\n');
    const look = () => lookAtDaemon(saying({ state: 'running', pid: 7 }), home.paths);
    assert.equal((await look()).state, 'starting');
    const minuteAgo = Date.now() / 1000 - 61;
    utimesSync(join(home.paths.dataDirectory, 'daybook.lock.owner'), minuteAgo, minuteAgo);
    assert.equal((await look()).state, 'unreachable');
  });
});

test('a daemon that says what it is at is starting, however long that takes; status shows it', async () => {
  using home = quietHome();
  const { dataDirectory } = home.paths;
  writeFileSync(join(dataDirectory, 'daybook.lock.owner'), '7\n');
  utimesSync(join(dataDirectory, 'daybook.lock.owner'), 1, 1);
  sayStarting(dataDirectory);
  assert.equal((await lookAtDaemon(saying({ state: 'running', pid: 7 }), home.paths)).state, 'starting');
  assert.equal((await lookAtDaemon(undefined, home.paths)).state, 'starting');
  const environment = { HOME: home.path };
  const { stdout, exitCode } = await daybook(home.path, ['status'], { environment });
  assert.equal(exitCode, 3);
  assert.match(stdout, /^state +starting$/m);
  assert.match(stdout, /^doing +saving what can be read, 25 %, 1m 3\ds so far$/m);
  sayStarting(dataDirectory);
  const { stderr } = await daybook(home.path, ['list'], { environment });
  assert.match(stderr, /it is starting: saving what can be read, 25 %/);
});

test('status warns of a daemon of another version, with the cure', async () => {
  using home = quietHome();
  await using older = await FakeDaemon.start({
    onRequest: (connection, frame) => {
      const status = {
        state: 'running',
        pid: 4711,
        version: '0.0.1',
        uptime_seconds: 1,
        persistence: true,
        settings: {},
      };
      if (frame.kind === 'status') connection.reply(frame, status);
      else connection.refuse(frame.requestId, 'unknown_kind');
    },
  });
  symlinkSync(older.path, home.paths.socket);
  const { stdout, stderr, exitCode } = await daybook(home.path, ['status', '--json'], {
    environment: { HOME: home.path },
  });
  assert.equal(exitCode, 0, stderr);
  const said = `the daemon is version 0.0.1, and this command ${daybookVersion}; end it (kill 4711) and start it again`;
  assert.equal(stderr, `daybook: warning: ${said}\n`);
  assert.deepEqual((JSON.parse(stdout) as { warnings: string[] }).warnings, [said]);
});

describe('awaitReady', () => {
  test('gives up at the deadline, with how it stands', async () => {
    using home = quietHome();
    await assert.rejects(awaitReady(saying({ state: 'starting' }), home.paths, { deadlineMs: 100 }), {
      code: 'timeout',
      message: /does not answer after 0\.1 s \(starting\); it may be bringing a large database up to date.*logs -f/,
    });
  });

  test('waits past the deadline while the daemon says that it is starting', async () => {
    using home = quietHome();
    const { dataDirectory } = home.paths;
    sayStarting(dataDirectory);
    let looks = 0;
    const service: Service = {
      ...saying({ state: 'running', pid: process.pid }),
      report: () => {
        looks += 1;
        return Promise.resolve({ state: 'running', isListening: false });
      },
    };
    let hasEnded = false;
    const waiting = awaitReady(service, home.paths, { deadlineMs: 100 }).finally(() => (hasEnded = true));
    waiting.catch(() => undefined);
    // The second comes after more than a second.
    await waitFor('two looks', () => looks >= 2 || hasEnded);
    assert.equal(hasEnded, false);
    removeStartNotice(dataDirectory);
    await assert.rejects(waiting, { code: 'timeout' });
  });

  test('gives up early when the daemon has failed, with the last error', async () => {
    using home = quietHome();
    const service = saying({ state: 'failed', lastExit: 'exit code 78' }, now('install a newer daybook'));
    const began = performance.now();
    await assert.rejects(awaitReady(service, home.paths), {
      code: 'timeout',
      message: /has ended with exit code 78; it said last \(\d{4}-.*\): install a newer daybook/,
    });
    assert.ok(performance.now() - began < 10_000);
  });
});
