import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CommandResult, daybook } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { numberedFrom } from '../numbered-events.ts';

interface Findings {
  checked: number;
  damaged: { id: number; message: string }[];
  structure: 'ok' | string[];
}

/** Records events, and changes the database while no daemon has it. */
async function recordedThenChanged(home: string, count: number, sql: string): Promise<void> {
  await using daemon = await DaemonProcess.start({ home });
  await daemon.connect().recordBatch(numberedFrom(0, count));
  await daemon.stop();
  const db = new Sqlite(daemon.paths.database);
  db.exec(sql);
  db.close();
}

/** What it says to people, and to programs. */
function bothForms(home: string): Promise<[CommandResult, CommandResult]> {
  return Promise.all([daybook(home, ['verify']), daybook(home, ['verify', '--json'])]);
}

describe('verify', () => {
  test('of a sound database says so, for people and as JSON, and exits 0', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch(numberedFrom(0, 2_500));
    const [text, json] = await bothForms(daemon.home);
    assert.deepEqual([text.exitCode, text.stderr], [0, '']);
    assert.equal(text.stdout, 'events     2,500 checked\ndamaged    none\nstructure  ok\n');
    assert.deepEqual([json.exitCode, json.stderr], [0, '']);
    assert.deepEqual(JSON.parse(json.stdout), { checked: 2_500, damaged: [], structure: 'ok' });
  });

  test('names damaged events, the first of them for people and all as JSON, and exits 1', async () => {
    using home = temporaryHome();
    await recordedThenChanged(home.path, 100, `UPDATE event SET data = '{"n":-1}' WHERE id % 4 = 0`);
    await using daemon = await DaemonProcess.start({ home: home.path });
    const [text, json] = await bothForms(daemon.home);
    assert.equal(text.exitCode, 1);
    assert.match(
      text.stdout,
      /^events {5}100 checked\ndamaged {4}25\nstructure {2}ok\n\ndamaged events\n {3}4 {2}it is not/,
    );
    assert.match(text.stdout, /^ {2}80 {2}it is not what was stored.*\n {2}and 5 more \('--json' names them all\)\n$/m);
    assert.match(text.stderr, /^daybook: .*'daybook export FILE'/);
    assert.equal(json.exitCode, 1);
    const { checked, damaged, structure } = JSON.parse(json.stdout) as Findings;
    assert.deepEqual([checked, structure], [100, 'ok']);
    assert.deepEqual(
      damaged.map(({ id }) => id),
      Array.from({ length: 25 }, (_, index) => 4 * (index + 1)),
    );
  });

  test('says what is wrong with the file, what to do about it, and exits 1', async () => {
    using home = temporaryHome();
    await recordedThenChanged(home.path, 10, 'UPDATE rollup SET recorded = recorded + 3');
    await using daemon = await DaemonProcess.start({ home: home.path });
    const [text, json] = await bothForms(daemon.home);
    assert.equal(text.exitCode, 1);
    assert.match(
      text.stdout,
      /^damaged {4}none\nstructure {2}damaged\n\nstructure\n {2}there are 10 events, and 13 events by hour$/m,
    );
    assert.match(text.stderr, /^daybook: .*'daybook restart'/);
    const { structure } = JSON.parse(json.stdout) as Findings;
    assert.deepEqual(structure, ['there are 10 events, and 13 events by hour']);
  });

  test('without a daemon exits 3, and with one that stores nothing 1', async () => {
    using home = temporaryHome();
    const unreachable = await daybook(home.path, ['verify']);
    assert.deepEqual([unreachable.exitCode, unreachable.stdout], [3, '']);
    assert.match(unreachable.stderr, /daybook start/);
    await using daemon = await DaemonProcess.start({ config: { enable_persistence: false } });
    const refused = await daybook(daemon.home, ['verify']);
    assert.deepEqual([refused.exitCode, refused.stdout], [1, '']);
    assert.match(refused.stderr, /enable_persistence/);
  });
});
