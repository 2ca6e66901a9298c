import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { RetentionPlanReply, RetentionRunReply, VacuumReply } from '../../../client/index.ts';
import { daybook, rowsOf } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { preparedHome } from '../../harness/prepared-home.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';
import { waitFor } from '../../harness/wait-for.ts';

const DAY = 86_400;
const nowSeconds = Math.floor(Date.now() / 1000);

/** A home with 3,000 events of 100 days ago (every third is kept, by a rule) and two of today. */
function homeWithEvents(): ReturnType<typeof preparedHome> {
  const home = preparedHome();
  using database = new TemporaryDatabase();
  const old = nowSeconds - 100 * DAY;
  const events = Array.from({ length: 3_000 }, (_, n) => ({
    type: n % 3 === 0 ? 'kept' : 'gone',
    source: `s${n % 2}`,
    timestamp: old + n,
    data: { n, text: `word${n} `.padEnd(400, 'x') },
  }));
  database.append(events, old);
  const fresh = { source: 's0', timestamp: nowSeconds, data: {} };
  database.append(
    [
      { ...fresh, type: 'gone' },
      { ...fresh, type: 'kept' },
    ],
    nowSeconds,
  );
  database.db.pragma('wal_checkpoint(TRUNCATE)');
  copyFileSync(database.path, home.paths.database);
  return home;
}

test('retention, vacuum and du: what is said before is what is done, and what is there afterwards', async () => {
  using home = homeWithEvents();
  const run = (...args: string[]) => daybook(home.path, args);
  const plan = async (...args: string[]) =>
    JSON.parse((await run('retention', 'plan', '--json', ...args)).stdout) as RetentionPlanReply;
  const config = (days: number, rules: object[]) => ({ persistence: { retention_days: days, retention_rules: rules } });
  await using daemon = await DaemonProcess.start({ home: home.path, config: config(1_000, []) });
  const client = daemon.connect();
  const untouched = await plan();
  assert.deepEqual([untouched.events, untouched.retention_days, untouched.by_type.length], [0, 1_000, 2]);
  assert.ok((untouched.next_run ?? 0) > nowSeconds);

  const tried = await plan('--days', '30', '--rule', 'type=kept,days=3650', '--size-mb', '64');
  const { events, by_size: bySize, retention_rules: rules, by_type: byType } = tried;
  assert.deepEqual([events, bySize, rules], [2_000, 0, [{ type: 'kept', days: 3_650 }]]);
  assert.deepEqual(
    byType.map(({ type, events: going, kept, oldest }) => [type, going, kept, oldest]),
    [
      ['gone', 2_000, 1, nowSeconds],
      ['kept', 0, 1_001, nowSeconds - 100 * DAY],
    ],
  );
  const shown = await run('retention', 'plan', '--days=30', '--rule=type=kept,source=s1,days=3650');
  assert.match(shown.stdout, /^kept: 30 days, type kept of source s1 3650 days$/m);
  assert.match(shown.stdout, /^2,500 events would go: about [\d.]+ MiB on the disk$/m);
  assert.match(shown.stdout, /^kept +500 +[\d.]+ KiB +501 +20/m);

  const refusals = [
    [['--days', '0'], /--days must be a number from 0\.01/],
    [['--size-mb', '3'], /--size-mb must be 0, or 16/],
    [['--rule', 'type=kept'], /--rule must be like type=clipboard,days=7/],
    [['--rule', 'typ=kept,days=1'], /--rule \[0\]: "typ" is no key of a rule/],
    [['--rule', 'type=a,days=1', '--rule', 'type=a,days=2'], /\[1\] is for the same events as \[0\]/],
  ] as const;
  const refused = await Promise.all(refusals.map(([args]) => run('retention', 'plan', ...args)));
  for (const [index, { exitCode, stderr }] of refused.entries()) {
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, refusals[index]?.[1] ?? /never/);
  }

  const { databaseId } = await client.ready();
  // The same rules, taken over by the daemon that runs.
  writeFileSync(daemon.paths.config, JSON.stringify(config(30, [{ type: 'kept', days: 3_650 }])), { mode: 0o600 });
  daemon.process.kill('SIGHUP');
  await waitFor('the new settings', async () => (await client.status()).settings.retention_days === 30);
  const asked = await run('retention', 'run');
  assert.deepEqual([asked.exitCode, asked.stdout], [2, '']);
  assert.match(asked.stderr, /2,000 events would go[^]*nobody is there to be asked; add --yes/);
  const outcome = JSON.parse((await run('retention', 'run', '--yes', '--json')).stdout) as RetentionRunReply;
  assert.deepEqual([outcome.events, outcome.by_size], [2_000, 0]);
  assert.ok(outcome.freed_bytes > 0);
  assert.equal((await plan()).events, 0);

  const resets: [number, number][] = [];
  const ids: number[] = [];
  const onReset = ({ lostFrom, lostTo }: { lostFrom: number; lostTo: number }) => resets.push([lostFrom, lostTo]);
  for await (const { id } of client.tail({ after: { databaseId, id: 2_000 }, follow: false, onReset })) ids.push(id);
  const passed = resets.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, n) => from + n));
  const whole = Array.from({ length: 1_002 }, (_, n) => 2_001 + n);
  assert.deepEqual(
    [...ids, ...passed].toSorted((a, b) => a - b),
    whole,
    'each id is an event or in a hole',
  );
  assert.ok(resets.length > 300);
  const found = async (text: string) => (await client.searchPage({ query: text })).events.length;
  assert.deepEqual([await found('word3'), await found('word4')], [1, 0]);

  const stats = await run('stats');
  assert.match(stats.stdout, /^removed +2,000 events by retention, last 20/m);

  const du = JSON.parse((await run('du', '--json')).stdout) as {
    by: { name: string; events: number }[];
    files: { [name: string]: number };
    pages: { [name: string]: number };
    total: number;
  };
  assert.deepEqual(
    du.by.map(({ name, events: count }) => [name, count]),
    [
      ['kept', 1_001],
      ['gone', 1],
    ],
  );
  const directory = daemon.paths.dataDirectory;
  const sizeOf = (name: string) => statSync(join(directory, name)).size;
  const named = readdirSync(directory).filter((name) => name.startsWith('events.db'));
  assert.equal(
    du.total,
    named.reduce((sum, name) => sum + sizeOf(name), 0),
  );
  assert.equal(
    Object.values(du.files).reduce((sum, bytes) => sum + bytes, 0),
    du.total,
  );
  assert.match((await run('du', '--by', 'source')).stdout, /^s0 +502 /m);

  // Free pages are gone already; in what is left there is room only for writing it anew.
  const before = sizeOf('events.db');
  const gentle = JSON.parse((await run('vacuum', '--json')).stdout) as VacuumReply;
  assert.deepEqual([gentle.freed_bytes, gentle.blocked_seconds], [0, 0]);
  assert.match((await run('vacuum')).stdout, /^there was nothing to give back$/m);
  const full = await run('vacuum', '--full');
  assert.match(full.stdout, /^the file is [\d.]+ KiB smaller; nothing was stored for \d+\.\d s$/m);
  assert.ok(sizeOf('events.db') < before, `${sizeOf('events.db')} of ${before}`);
  await client.recordBatch([{ type: 'later', source: 's0' }]);
  assert.equal((await client.stats()).database_stats.total_events, 1_003);
  const listed = await run('list', '--limit', 'all', '--json', '--type', 'kept');
  assert.equal(rowsOf(listed.stdout).length, 1_001);
});
