import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CommandResult, daybook } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';
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

/** Whether the search index has come to this event. */
function isIndexed(database: string, id: number): boolean {
  try {
    const db = new Sqlite(`${database}.search`, { readonly: true });
    try {
      return db.prepare('SELECT max(indexed_to) FROM part').pluck().get() === id;
    } finally {
      db.close();
    }
  } catch {
    return false;
  }
}

/** What it says to people, and to programs. */
function bothForms(home: string): Promise<[CommandResult, CommandResult]> {
  return Promise.all([daybook(home, ['verify']), daybook(home, ['verify', '--json'])]);
}

describe('verify', () => {
  test('of a sound database says so, for people and as JSON, and exits 0', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch(numberedFrom(0, 2_500));
    await waitFor('the index', () => isIndexed(daemon.paths.database, 2_500));
    const [text, json] = await bothForms(daemon.home);
    assert.deepEqual([text.exitCode, text.stderr], [0, '']);
    assert.equal(
      text.stdout,
      'events     2,500 checked\ndamaged    none\nstructure  ok\nsearch     ok (128 events looked up)\n',
    );
    assert.deepEqual([json.exitCode, json.stderr], [0, '']);
    assert.deepEqual(JSON.parse(json.stdout), {
      checked: 2_500,
      damaged: [],
      structure: 'ok',
      search: { checked: 128, wrong: [] },
    });
  });

  test('names damaged events, the first of them for people and all as JSON, and exits 1', async () => {
    using home = temporaryHome();
    await recordedThenChanged(home.path, 100, `UPDATE event SET data = '{"n":-1}' WHERE id % 4 = 0`);
    await using daemon = await DaemonProcess.start({ home: home.path });
    const [text, json] = await bothForms(daemon.home);
    assert.equal(text.exitCode, 1);
    assert.match(
      text.stdout,
      /^events {5}100 checked\ndamaged {4}25\nstructure {2}ok\nsearch {5}.*\n\ndamaged events\n {3}4 {2}it is not/,
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

  test('finds a search index that does not agree with the events, and has it made anew', async () => {
    await using daemon = await DaemonProcess.start();
    const { database } = daemon.paths;
    // Few enough that all of them are looked up.
    const few = numberedFrom(0, 60);
    await daemon
      .connect()
      .recordBatch([...few, ...numberedFrom(60, 1_440)].map((event) => ({ ...event, timestamp: 1 })));
    await waitFor('the index', () => isIndexed(database, 1_500));
    const index = new Sqlite(`${database}.search`);
    index.pragma('busy_timeout = 5000');
    // Every second event loses its words.
    const forget = index.prepare("INSERT INTO words_0 (words_0, rowid, words) VALUES ('delete', ?, 'note')");
    index.transaction(() => {
      for (let id = 1; id <= 1_500; id += 2) forget.run(id);
    })();
    index.close();
    const { exitCode, stdout, stderr } = await daybook(daemon.home, ['verify']);
    assert.equal(exitCode, 1);
    assert.match(
      stdout,
      /^search {5}wrong \(64 events looked up\)\n\nsearch index\n {2}event \d+ is not found by a word/m,
    );
    assert.match(stderr, /no event is lost; the daemon makes the search index anew/);
    await waitFor('a search index that agrees', async () => (await daybook(daemon.home, ['verify'])).exitCode === 0);
  });

  test('says what is wrong with the file, what to do about it, and exits 1', async () => {
    using home = temporaryHome();
    await recordedThenChanged(home.path, 10, 'UPDATE rollup SET recorded = recorded + 3');
    await using daemon = await DaemonProcess.start({ home: home.path });
    const [text, json] = await bothForms(daemon.home);
    assert.equal(text.exitCode, 1);
    assert.match(
      text.stdout,
      /^damaged {4}none\nstructure {2}damaged\nsearch {5}.*\n\nstructure\n {2}there are 10 events, and 13 events by hour$/m,
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
