import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { refusesToStart, refusesToStartForGood } from '../harness/refuses-to-start.ts';
import { temporaryHome } from '../harness/temporary-home.ts';

const events = Array.from({ length: 200 }, (_, n) => ({ type: 't', source: 's', timestamp: n, data: { n } }));

/** The files of a database, by name and content. An empty write-ahead log is as good as none; its index is made anew. */
function filesOf(directory: string): { [name: string]: string } {
  const names = readdirSync(directory).filter(
    (name) => /^events\.db(-wal)?$/.test(name) && statSync(join(directory, name)).size > 0,
  );
  return Object.fromEntries(names.map((name) => [name, hash('sha256', readFileSync(join(directory, name)))]));
}

/** Changes a database as another program would. */
function change(path: string, sql: string): void {
  const db = new Sqlite(path);
  db.exec(sql);
  db.close();
}

describe('a database that another program has written', () => {
  const others: [what: string, sql: string, message: RegExp][] = [
    [
      'a newer daybook',
      'PRAGMA user_version = 999',
      /has schema 999 and this daybook knows \d+; .* install a newer daybook/,
    ],
    [
      'another program',
      'PRAGMA application_id = 7; ALTER TABLE meta RENAME TO elsewhere',
      /is a database of another program \(application_id 7, .*\); it was left untouched: move it away, or set persistence/,
    ],
    [
      'another program, from the beginning',
      'PRAGMA application_id = 0; PRAGMA user_version = 0; ALTER TABLE meta RENAME TO elsewhere',
      /is a database of another program/,
    ],
    [
      'a disk that lost the mark',
      'PRAGMA application_id = 7',
      /has the tables of daybook and another mark \(application_id 7, .*: sqlite3 '.*' 'PRAGMA application_id = 1147238754'/,
    ],
    [
      'a disk that lost the version',
      'PRAGMA user_version = 286331153',
      /says schema 286331153 \(user_version\) and has the tables of schema (\d); .*: sqlite3 '.*' 'PRAGMA user_version = \1'/,
    ],
    ['a disk that lost some of it', 'PRAGMA user_version = 0', /says schema 0 .* 'PRAGMA user_version = [1-9]'/],
  ];
  test('row 20: no start, for good, and the file is as it was', async (t) => {
    using home = temporaryHome();
    await using first = await DaemonProcess.start({ home: home.path });
    const { database, dataDirectory } = first.paths;
    await first.connect().recordBatch(events);
    await first.stop();
    const [applicationId, version] = pragmas(database);
    for (const [what, sql, message] of others) {
      await t.test(what, async () => {
        change(database, sql);
        const before = filesOf(dataDirectory);
        await refusesToStartForGood({ home: home.path }, new RegExp(`${database} ${message.source}`));
        assert.deepEqual(filesOf(dataDirectory), before);
        change(database, `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}`);
        if (sql.includes('elsewhere')) change(database, 'ALTER TABLE elsewhere RENAME TO meta');
      });
    }
    await using again = await DaemonProcess.start({ home: home.path });
    assert.equal((await again.connect().stats()).database_stats.total_events, events.length, 'nothing is lost');
  });

  test('row 20: a newer daybook that was killed: its write-ahead log is left alone, too', async () => {
    using home = temporaryHome();
    await using first = await DaemonProcess.start({ home: home.path });
    await first.connect().recordBatch(events);
    change(first.paths.database, 'PRAGMA user_version = 999');
    await first.kill('SIGKILL');
    const before = filesOf(first.paths.dataDirectory);
    assert.deepEqual(Object.keys(before), ['events.db', 'events.db-wal']);
    await refusesToStart({ home: home.path }, /has schema 999/);
    assert.deepEqual(filesOf(first.paths.dataDirectory), before);
  });
});

function pragmas(path: string): number[] {
  const db = new Sqlite(path, { readonly: true });
  const values = ['application_id', 'user_version'].map((name) => Number(db.pragma(name, { simple: true })));
  db.close();
  return values;
}
