import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Sqlite from 'better-sqlite3';
import type { ForgetReceipt } from '../../../client/cli/forget/receipt.ts';
import { connect, type EventInput } from '../../../client/index.ts';
import { daybookPaths } from '../../../shared/paths.ts';
import { daybook, rowsOf } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { databaseInconsistencies } from '../../harness/database-inconsistencies.ts';
import { filesWith } from '../../harness/files-with.ts';
import { indexedTo } from '../../harness/indexed-to.ts';
import { RawClient } from '../../harness/raw-client.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

const SECRET = 'Xq7pasSwordZ';
const others: EventInput[] = Array.from({ length: 1_200 }, (_, n) => ({
  type: 'note',
  source: 'other',
  timestamp: 1_000 + n,
  data: { text: `number ${n}`, long: n % 50 === 0 ? 'x'.repeat(3_000) : '' },
}));
const secrets: EventInput[] = [
  { type: 'clip', source: 'board', timestamp: 2_001, data: { text: `before ${SECRET} after` } },
  { type: 'clip', source: 'board', timestamp: 2_002, data: { [SECRET]: ['deep', { in: 'it' }] } },
  { type: 'clip', source: 'board', timestamp: 2_003, action: SECRET, data: {} },
  { type: SECRET, source: SECRET, timestamp: 2_004, data: {} },
  // Kept as gzip, where nobody sees it.
  { type: 'clip', source: 'board', timestamp: 2_005, data: { text: `${'long '.repeat(600)} ${SECRET}` } },
  // Longer than a page, whatever gzip makes of it.
  { type: 'clip', source: 'board', timestamp: 2_006, data: { noise: noise(9_000), text: `"${SECRET}"` } },
];

describe('daybook forget', () => {
  const home = temporaryHome();
  const paths = daybookPaths({ DAYBOOK_HOME: home.path });
  const elsewhere = temporaryHome();
  const exported = join(elsewhere.path, 'before.ndjson');
  let daemon: DaemonProcess;
  let restOfList: string;
  const run = (...args: string[]) => daybook(home.path, args);

  before(async () => {
    // What a process leaves that ends while there is no daemon.
    const ended = connect({ socketPath: paths.socket, clientName: 'ended', reconnect: false });
    ended.record({ type: 'clip', source: 'board', timestamp: 2_007, data: { text: `waiting ${SECRET}` } });
    await ended.close({ timeoutMs: 10 });
    daemon = await DaemonProcess.start({ home: home.path, config: { persistence: { search: true } } });
    const client = daemon.connect();
    await client.recordBatch(others.slice(0, 600));
    await client.recordBatch(secrets);
    await client.recordBatch(others.slice(600));
    await client.storePattern({
      patternType: 'habit',
      confidence: 1,
      patternData: JSON.stringify({ SECRET }),
      eventId: 1,
    });
    await client.storePattern({ patternType: 'at', confidence: 1, patternData: '{"found":"there"}', eventId: 601 });
    await client.storePattern({ patternType: 'kept', confidence: 1, patternData: '{"number":"7"}', eventId: 2 });
    restOfList = (await run('list', '--json', '--limit', 'all', '--type', 'note')).stdout;
    await run('export', exported);
    // A daemon that starts does not wait for more to index.
    await daemon.stop();
    daemon = await DaemonProcess.start({ home: home.path });
    await waitFor('the index', () => indexedTo(paths.database) >= 1_206);
  });

  after(async () => {
    await daemon.stop();
    home.remove();
    elsewhere.remove();
  });

  test('wants a condition, an answer, and sound flags', async () => {
    for (const [args, message] of [
      [[], /say what to forget/],
      [['--contains', ''], /every event contains nothing/],
      [['--id', 'x'], /not the id of an event/],
      [['--id', '1', '--type', 'note'], /stands alone/],
      [['--match', '-'], /word/],
      [['--type', 'clip'], /nobody is there to be asked; add --yes/],
    ] as const) {
      const { exitCode, stderr } = await run('forget', ...args);
      assert.notEqual(exitCode, 0, stderr);
      assert.match(stderr, message);
    }
    const away = await daybook(elsewhere.path, ['forget', '--type', 'clip', '--yes']);
    assert.equal(away.exitCode, 3);
    assert.match(away.stderr, /daybook start/);
  });

  test('says what would go, and changes nothing', async () => {
    const { stdout, exitCode } = await run('forget', '--contains', SECRET, '--dry-run', '--json');
    assert.equal(exitCode, 0);
    const { events, by_type: byType, patterns } = JSON.parse(stdout) as ForgetReceipt;
    // The event in the spool is delivered, and found, when it is in earnest.
    assert.deepEqual([events, byType, patterns], [6, { clip: 5, [SECRET]: 1 }, 1]);
    assert.notDeepEqual(filesWith(home.path, SECRET), []);
    assert.equal((await run('list', '--json', '--limit', 'all')).stdout.split('\n').length, 1_207);
  });

  test('leaves no byte of it in any file, and the rest as it was', async () => {
    const patternId = await daemon
      .connect()
      .storePattern({ patternType: 'text', confidence: 1, patternData: JSON.stringify(SECRET) });
    assert.ok(patternId.id > 0);
    const { stdout, stderr, exitCode } = await run('forget', '--contains', SECRET, '--yes', '--json');
    assert.equal(exitCode, 0, stderr);
    const receipt = JSON.parse(stdout) as ForgetReceipt;
    // The pattern at event 601 goes with its event, those with the text by themselves.
    assert.deepEqual([receipt.events, receipt.patterns, receipt.tombstones, receipt.spool_records], [7, 3, 7, 1]);
    assert.ok(receipt.bytes_rewritten > 0);
    assert.deepEqual(
      receipt.not_reached.map(({ what }) => what),
      ['elsewhere', 'elsewhere', 'elsewhere'],
    );
    await waitFor('the index', () => indexedTo(paths.database) >= 1_207);
    for (const text of [SECRET, SECRET.toLowerCase()]) assert.deepEqual(filesWith(home.path, text), []);
    assert.equal((await run('search', SECRET)).stdout, '');
    assert.equal((await run('list', '--json', '--limit', 'all', '--type', 'note')).stdout, restOfList);
    assert.equal((await run('search', 'number', '7', '--json')).stdout.split('\n').length, 2);
    assert.equal((await run('verify')).exitCode, 0);
    assert.match((await run('stats')).stdout, /forgotten +7 events on request, last 2/);
    assert.deepEqual((await run('gaps')).stdout, 'nothing is known to be missing\n');
    const kept = rowsOf<{ id: number }>((await run('patterns', '--json')).stdout);
    assert.deepEqual(
      kept.map(({ id }) => id),
      [3],
    );
  });

  test('--list says when something was forgotten, and how much', async () => {
    assert.equal((await run('forget', '--list', '--type', 'clip')).exitCode, 2);
    const { stdout } = await run('forget', '--list');
    assert.match(stdout, /^ *1 +\d{4}-\d\d-\d\d [\d:]{8} +7 +3 +\d+ +cleared\ncopies of 7 events are refused/m);
    const [row] = rowsOf<{ events: number; ended: number | null }>((await run('forget', '--list', '--json')).stdout);
    assert.equal(row?.events, 7);
    assert.equal(typeof row?.ended, 'number');
  });

  test('finds nothing the second time', async () => {
    const { stdout, exitCode } = await run('forget', '--contains', SECRET, '--yes');
    assert.deepEqual([stdout, exitCode], ['nothing found\n', 0]);
    const { events } = JSON.parse((await run('forget', '--match', SECRET, '--yes', '--json')).stdout) as ForgetReceipt;
    assert.equal(events, 0);
  });

  test('keeps it from coming back by an import or a client, also after a restart, and calls that no gap', async () => {
    const again = await run('import', exported);
    assert.match(`${again.stdout}${again.stderr}`, /forgotten on request/);
    assert.match(again.stdout, /stored 0, duplicate 1200, rejected 6/);
    await daemon.stop();
    daemon = await DaemonProcess.start({ home: home.path });
    const client = daemon.connect();
    const first = others[0] as EventInput;
    const receipt = await client.recordBatch([first, ...secrets, { type: 'note', source: 'other', timestamp: 3_000 }]);
    assert.deepEqual([receipt.stored, receipt.duplicate], [1, 1]);
    assert.deepEqual(
      receipt.rejected.map(({ index, code }) => [index, code]),
      secrets.map((_, index) => [index + 1, 'forgotten']),
    );
    await client.flush();
    assert.deepEqual((await run('gaps')).stdout, 'nothing is known to be missing\n');
    assert.deepEqual(filesWith(home.path, SECRET), []);
  });

  test('shows a tail behind it that events were deleted, and goes on', async () => {
    const { databaseId } = await daemon.connect().ready();
    const raw = await RawClient.greet(paths.socket);
    raw.send('tail', 7, { after: { databaseId, id: 599 } });
    await waitFor('the events', () => raw.frames.some(({ kind, requestId }) => kind === 'events' && requestId === 7));
    const reset = raw.frames.find(({ kind }) => kind === 'reset');
    assert.deepEqual(reset?.body, { lostFrom: 601, lostTo: 606 });
    raw.destroy();
  });

  test('forgets by words, ids, time and conditions, what it says it does', async () => {
    const client = daemon.connect();
    await client.recordBatch([
      { type: 'talk', source: 'chat', timestamp: 5_000, data: { text: 'the falcon has landed' } },
      { type: 'talk', source: 'chat', timestamp: 5_001, data: { text: 'falcon? which?', room: 9 } },
      { type: 'talk', source: 'chat', timestamp: 5_002, data: { text: 'nothing' } },
    ]);
    const count = async (...args: string[]) => {
      const { stdout, stderr } = await run('forget', ...args, '--yes', '--json');
      return (JSON.parse(stdout || `{"events":${JSON.stringify(stderr)}}`) as ForgetReceipt).events;
    };
    assert.equal(await count('--match', 'falcon', '--where', 'data.room = 9'), 1);
    assert.equal(await count('--match', 'falcon', '--until', '1970-01-01T00:00:01Z'), 0);
    assert.equal(await count('--match', 'falcon', 'landed'), 1);
    const last = rowsOf<{ id: number }>((await run('list', '--json', '--type', 'talk')).stdout);
    assert.equal(last.length, 1);
    assert.equal(await count('--id', String(last[0]?.id), '--id', '999999', '--id', '601'), 1);
    assert.deepEqual(filesWith(home.path, 'falcon'), []);
  });

  test('names the copies it leaves, deletes them when told to, and keeps counts and history in order', async () => {
    const copy = `${paths.database}.corrupt-20261122T101500Z`;
    writeFileSync(copy, SECRET);
    const named = JSON.parse((await run('forget', '--id', '1', '--yes', '--json')).stdout) as ForgetReceipt;
    assert.deepEqual(
      named.not_reached.filter(({ what }) => what === 'copy').map(({ path }) => path),
      [copy],
    );
    const { stdout } = await run('forget', '--id', '2', '--yes', '--json', '--and-copies', '--thorough');
    assert.deepEqual((JSON.parse(stdout) as ForgetReceipt).copies_deleted, [copy]);
    assert.deepEqual(filesWith(home.path, SECRET), []);
    await daemon.stop();
    const db = new Sqlite(paths.database, { readonly: true });
    assert.deepEqual(databaseInconsistencies(db), []);
    const runs = db.prepare<[], { events: number; ended: number | null }>('SELECT events, ended FROM forgetting').all();
    assert.deepEqual(
      runs.map(({ events }) => events),
      [7, 1, 1, 1, 1, 1],
    );
    assert.ok(runs.every(({ ended }) => ended !== null));
    db.close();
    daemon = await DaemonProcess.start({ home: home.path });
  });
});

/** A text that gzip does not make much shorter. */
function noise(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = Math.imul(state, 48_271) % 0x7fffffff;
    return String.fromCharCode(35 + (Math.abs(state) % 56));
  }).join('');
}
