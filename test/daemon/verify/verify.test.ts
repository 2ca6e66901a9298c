import Sqlite, { type Database } from 'better-sqlite3';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { EventVerification } from '../../../daemon/verify/verify-events.ts';
import { limits } from '../../../shared/limits.ts';
import type { DamagedEvent, VerifyReply } from '../../../shared/messages/verify.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { eventNumber, pageIn, SalvageSource } from '../storage/salvage-source.ts';

interface Findings {
  pages: number;
  checked: number;
  damaged: DamagedEvent[];
  structure: VerifyReply['structure'];
}

/** Follows the pages to the last one. */
function verifyAll(db: Database): Findings {
  const verification = new EventVerification(db);
  const findings: Findings = { pages: 0, checked: 0, damaged: [], structure: undefined };
  for (let afterId: number | null = 0; afterId !== null; ) {
    const page = verification.page(afterId);
    assert.ok(page.checked <= limits.scanRows);
    assert.equal(page.structure === undefined, page.afterId !== null, 'the last page, and no other, has the structure');
    assert.ok(page.afterId === null || page.afterId > afterId, 'it goes on');
    findings.pages += 1;
    findings.checked += page.checked;
    findings.damaged.push(...page.damaged);
    findings.structure = page.structure;
    afterId = page.afterId;
  }
  return findings;
}

function withEvents(count: number, use: (db: Database) => void): void {
  using database = new TemporaryDatabase();
  database.append(Array.from({ length: count }, (_, n) => eventNumber(n)));
  use(database.db);
}

/** Opens these bytes as a database. */
function open(bytes: Buffer, use: (db: Database) => void): void {
  using home = temporaryHome();
  const path = join(home.path, 'events.db');
  writeFileSync(path, bytes);
  const db = new Sqlite(path, { readonly: true });
  try {
    use(db);
  } finally {
    db.close();
  }
}

describe('verification of a sound database', () => {
  test('finds nothing, page by page', () => {
    withEvents(limits.scanRows * 2 + 500, (db) => {
      const { pages, checked, damaged, structure } = verifyAll(db);
      assert.deepEqual([pages, checked, damaged, structure], [3, limits.scanRows * 2 + 500, [], 'ok']);
    });
  });

  test('that is empty finds nothing', () => {
    withEvents(0, (db) => assert.deepEqual(verifyAll(db), { pages: 1, checked: 0, damaged: [], structure: 'ok' }));
  });

  test('with deleted events looks at the others', () => {
    using database = new TemporaryDatabase();
    database.append(Array.from({ length: 100 }, (_, n) => ({ type: 't', source: 's', timestamp: n })));
    database.store.begin('normal');
    const row = { typeId: 1, sourceId: 1, actionId: null };
    for (let id = 1; id <= 60; id += 3) {
      database.db.prepare('DELETE FROM event WHERE id = ?').run(id);
      database.store.noteRemoved({ ...row, timestamp: id - 1 }, 2);
    }
    database.store.commit();
    assert.deepEqual(verifyAll(database.db), { pages: 1, checked: 80, damaged: [], structure: 'ok' });
  });
});

describe('verification names', () => {
  const changes: [what: string, sql: string, message: RegExp][] = [
    ['changed data', `UPDATE event SET data = '{"n":6,"text":"x"}' WHERE id = 7`, /not what was stored/],
    ['cut data', `UPDATE event SET data = '{"n":6' WHERE id = 7`, /data cannot be read/],
    ['data that is no gzip', "UPDATE event SET data = x'1f8b0800' WHERE id = 7", /data cannot be read/],
    [
      'another identity',
      "UPDATE event SET hash = x'00112233445566778899aabbccddeeff' WHERE id = 7",
      /not what was stored/,
    ],
    ['a changed timestamp', 'UPDATE event SET timestamp = timestamp + 0.125 WHERE id = 7', /not what was stored/],
    ['another action', 'UPDATE event SET action_id = NULL WHERE id = 7', /not what was stored/],
    ['a name that nobody knows', 'UPDATE event SET source_id = 77 WHERE id = 7', /no source with id 77/],
  ];
  for (const [what, sql, message] of changes) {
    test(`the one event with ${what}`, () => {
      withEvents(20, (db) => {
        assert.equal(db.prepare(sql).run().changes, 1);
        const { checked, damaged } = verifyAll(db);
        assert.deepEqual([checked, damaged.map(({ id }) => id)], [20, [7]]);
        assert.match(damaged[0]?.message ?? '', message);
      });
    });
  }

  const disagreements: [sql: string, message: string][] = [
    [
      "UPDATE name SET events = events + 1 WHERE kind = 'type' AND id = 1",
      'there are 20 events, and 21 events by type',
    ],
    ["UPDATE name SET events = 1 WHERE kind = 'source'", 'there are 20 events, and 3 events by source'],
    [
      "UPDATE name SET events = events - 1 WHERE kind = 'action' AND id = 1",
      'there are 15 events with an action, and 14 events by action',
    ],
    ['DELETE FROM rollup', 'there are 20 events, and 0 events by hour'],
  ];
  for (const [sql, message] of disagreements) {
    test(`counts that disagree: ${message}`, () => {
      withEvents(20, (db) => {
        db.exec(sql);
        const { structure, damaged } = verifyAll(db);
        assert.deepEqual([structure, damaged], [[message], []]);
      });
    });
  }

  for (const [index, columns] of [
    ['event_by_name', 'type_id, source_id, timestamp'],
    ['event_identity', 'timestamp, identity'],
  ] as const) {
    test(`${index} when it has other entries than there are events`, () => {
      using database = new TemporaryDatabase();
      database.append(Array.from({ length: 20 }, (_, n) => eventNumber(n)));
      database.db.close();
      // For a moment the index is told to leave the events alone that are deleted meanwhile.
      const define = (where: string) => {
        const db = new Sqlite(database.path).unsafeMode(true);
        const unique = index === 'event_identity' ? 'UNIQUE ' : '';
        db.pragma('writable_schema = ON');
        db.prepare('UPDATE sqlite_schema SET sql = ? WHERE name = ?').run(
          `CREATE ${unique}INDEX ${index} ON event (${columns})${where}`,
          index,
        );
        db.close();
        return new Sqlite(database.path);
      };
      define(' WHERE id > 1000').exec('DELETE FROM event WHERE id <= 3').close();
      const db = define('');
      const { structure } = verifyAll(db);
      db.close();
      assert.ok(Array.isArray(structure));
      assert.ok(structure.includes(`there are 17 events, and 20 entries in ${index}`), structure.join('\n'));
    });
  }
});

describe('verification of a file with damaged pages', () => {
  let source: SalvageSource;
  before(() => {
    source = new SalvageSource(3_000);
  });

  test('names the events of a leaf that cannot be read, and goes on behind it', () => {
    for (const index of [0, 30, source.pagesOf('event', 'leaf').length - 1]) {
      const leaf = source.pagesOf('event', 'leaf')[index] ?? 0;
      const lost = source.idsOn(leaf);
      open(
        source.damaged((bytes) => pageIn(bytes, leaf).fill(0xff)),
        (db) => {
          const { checked, damaged, structure } = verifyAll(db);
          assert.deepEqual(
            damaged.map(({ id }) => id),
            lost,
          );
          assert.equal(checked, 3_000);
          assert.match(damaged[0]?.message ?? '', /cannot be read/);
          assert.ok(Array.isArray(structure) && structure.length > 0 && structure.length <= 20);
        },
      );
    }
  });

  test('names every event when the whole table cannot be read', () => {
    open(
      source.damaged((bytes) => source.pagesOf('event', 'internal').forEach((page) => pageIn(bytes, page).fill(0))),
      (db) => {
        const { checked, damaged } = verifyAll(db);
        assert.deepEqual([checked, new Set(damaged.map(({ id }) => id)).size], [3_000, 3_000]);
      },
    );
  });

  test('goes by the ids alone when no index can be read either', () => {
    const leaf = source.pagesOf('event', 'leaf')[10] ?? 0;
    const trees = ['event_identity', 'event_by_name'];
    open(
      source.damaged((bytes) => {
        for (const page of [leaf, ...trees.flatMap((tree) => source.pagesOf(tree))]) pageIn(bytes, page).fill(0);
      }),
      (db) => {
        assert.deepEqual(
          verifyAll(db).damaged.map(({ id }) => id),
          source.idsOn(leaf),
        );
      },
    );
  });
});
