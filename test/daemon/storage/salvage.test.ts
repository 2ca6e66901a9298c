import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { GapLedger } from '../../../daemon/storage/gap-ledger.ts';
import { salvage } from '../../../daemon/storage/salvage.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { assertHonest, missingCount, PAGE_BYTES, pageIn, SalvageSource, salvaged } from './salvage-source.ts';

const COUNT = 2_400;
const OTHER_ID = '00000000-0000-4000-8000-000000000000';
const idOf = ({ id }: { id: number }) => id;

let source: SalvageSource;
before(() => {
  source = new SalvageSource(COUNT, ({ db, store }) => {
    store.begin('normal');
    for (let n = 1; n <= 30; n += 1) {
      store.appendPattern({ eventId: n, patternType: 'p', confidence: 1, patternData: `{"n":${n}}`, embryoId: null });
    }
    store.commit();
    db.prepare('INSERT INTO system_stats (timestamp, total_events, storage_mb) VALUES (1.5, 7, 2)').run();
    db.prepare("INSERT INTO meta (key, value) VALUES ('last_cleanup_ms', 5)").run();
    const ledger = new GapLedger(db);
    ledger.reported(
      { producer: 'fs', epoch: 'e', from: 3, to: 5, since: 1, until: 2, reason: 'spool_full' },
      1,
      1_700_000_000,
    );
    ledger.save();
  });
});

/** Nothing at all is lost. */
function assertUnharmed(outcome: ReturnType<typeof salvaged>): void {
  assert.deepEqual(outcome.events, source.events);
  assert.deepEqual(outcome.report.missingRanges, []);
  assert.deepEqual([outcome.report.damagedCount, outcome.lastId], [0, COUNT]);
}

describe('salvage of a sound database', () => {
  test('gives the same database again', () => {
    const outcome = salvaged(source.bytes, { databaseId: OTHER_ID });
    assertUnharmed(outcome);
    assert.equal(outcome.databaseId, source.databaseId, 'its own id goes before the one that is offered');
    assert.deepEqual([outcome.report.patterns, outcome.rows['patterns']?.length], [30, 30]);
    assert.deepEqual(outcome.rows['patterns']?.[4], {
      id: 5,
      event_id: 5,
      pattern_type: 'p',
      confidence: 1,
      pattern_data: '{"n":5}',
      embryo_id: null,
      created_at: (outcome.rows['patterns']?.[4] as { created_at: string }).created_at,
    });
    assert.equal(outcome.rows['system_stats']?.length, 1);
    assert.equal(outcome.rows['producer']?.length, 1);
    assert.deepEqual(
      outcome.rows['gap']?.map((row) => (row as { reason: string; source_id: number }).source_id),
      [1, 1],
    );
    assert.ok(outcome.rows['meta']?.some((row) => (row as { key: string }).key === 'last_cleanup_ms'));
  });

  test('that is empty gives an empty one', () => {
    const empty = new SalvageSource(0);
    const { report, databaseId } = salvaged(empty.bytes);
    assert.deepEqual([report.eventsRead, report.lastId, report.missingRanges], [0, 0, []]);
    assert.equal(databaseId, empty.databaseId);
  });

  const forms: [what: string, sql: string][] = [
    ['pages of 1 KiB', 'PRAGMA page_size = 1024'],
    ['pages of 64 KiB', 'PRAGMA page_size = 65536'],
    ['no pointer map', 'PRAGMA auto_vacuum = NONE'],
  ];
  for (const [what, sql] of forms) {
    test(`gives the same from a file with ${what}`, () => {
      const other = new SalvageSource(1_500, ({ db }) => {
        db.exec(`PRAGMA journal_mode = DELETE; ${sql}; VACUUM; PRAGMA journal_mode = WAL`);
      });
      const outcome = salvaged(other.bytes);
      assert.deepEqual(outcome.events, other.events);
      assert.deepEqual(outcome.report.missingRanges, []);
    });
  }

  test('knows what retention took from what is missing', () => {
    const aged = new SalvageSource(2_000, ({ db, store }) => {
      store.begin('normal');
      for (let id = 1; id <= 1_500; id += 1) if (id % 10 > 0) deleteEvent(db, store, id);
      store.commit();
    });
    const outcome = salvaged(aged.bytes);
    assert.deepEqual(outcome.events, aged.events);
    assert.deepEqual(outcome.report.missingRanges, []);
    // Ids that do not follow on each other are held against the index, which is whole here and gone there.
    const index = aged.damaged((bytes) => {
      for (const page of aged.pagesOf('event_identity')) pageIn(bytes, page).fill(0);
    });
    assert.deepEqual(salvaged(index).events, aged.events);
  });
});

function deleteEvent(
  db: import('better-sqlite3').Database,
  store: import('../../../daemon/storage/event-store.ts').EventStore,
  id: number,
): void {
  const row = db
    .prepare<[number], { timestamp: number; type_id: number; source_id: number; action_id: number; bytes: number }>(
      'SELECT timestamp, type_id, source_id, action_id, octet_length(data) AS bytes FROM event WHERE id = ?',
    )
    .get(id);
  assert.ok(row !== undefined);
  db.prepare('DELETE FROM event WHERE id = ?').run(id);
  const { timestamp, type_id: typeId, source_id: sourceId, action_id: actionId, bytes } = row;
  store.noteRemoved({ timestamp, typeId, sourceId, actionId }, bytes);
}

describe('deleted events stay deleted', () => {
  let emptied: SalvageSource;
  before(() => {
    emptied = new SalvageSource(2_000, ({ db, store }) => {
      store.begin('normal');
      for (let id = 501; id <= 1_500; id += 1) deleteEvent(db, store, id);
      store.commit();
    });
    const free = emptied.bytes.readUInt32BE(36);
    assert.ok(free > 20, `their pages are free (${free}), and still hold them`);
  });

  test('though the tree over them is damaged', () => {
    const bytes = emptied.damaged((copy) => {
      for (const page of emptied.pagesOf('event', 'internal')) pageIn(copy, page).fill(0xff);
    });
    const outcome = salvaged(bytes);
    assert.deepEqual(outcome.events.map(idOf), emptied.events.map(idOf));
  });

  test('though the pointer map is damaged', () => {
    const bytes = emptied.damaged((copy) => {
      pageIn(copy, 2).set(randomBytes(PAGE_BYTES));
      for (const page of emptied.pagesOf('event', 'internal')) pageIn(copy, page).fill(0xff);
    });
    assert.deepEqual(salvaged(bytes).events.map(idOf), emptied.events.map(idOf));
  });

  test('though the list of free pages is damaged', () => {
    const bytes = emptied.damaged((copy) => {
      copy.writeUInt32BE(0, 32);
      for (const page of emptied.pagesOf('event', 'internal')) pageIn(copy, page).fill(0xff);
    });
    assert.deepEqual(salvaged(bytes).events.map(idOf), emptied.events.map(idOf));
  });
});

describe('damage that costs no event', () => {
  const kinds: [what: string, damage: (bytes: Buffer) => void][] = [
    ['the magic of the header is zero', (bytes) => bytes.fill(0, 0, 16)],
    ['the header is garbage', (bytes) => bytes.fill(0xa5, 0, 100)],
    ['the header has another page size', (bytes) => void bytes.writeUInt16BE(1_024, 16)],
    ['the first page is garbage', (bytes) => pageIn(bytes, 1).set(randomBytes(PAGE_BYTES))],
    [
      'the whole schema is gone',
      (bytes) => source.pagesOf('sqlite_schema').forEach((page) => pageIn(bytes, page).fill(0)),
    ],
    ['the pointer map is garbage', (bytes) => pageIn(bytes, 2).set(randomBytes(PAGE_BYTES))],
    [
      'the interior pages of the event table are garbage',
      (bytes) =>
        source.pagesOf('event', 'internal').forEach((page) => pageIn(bytes, page).set(randomBytes(PAGE_BYTES))),
    ],
    ...['event_identity', 'event_by_name'].map((index): [string, (bytes: Buffer) => void] => [
      `${index} is garbage, all of it`,
      (bytes) => source.pagesOf(index).forEach((page) => pageIn(bytes, page).set(randomBytes(PAGE_BYTES))),
    ]),
    [
      'the table of names is garbage',
      (bytes) => source.pagesOf('name').forEach((page) => pageIn(bytes, page).set(randomBytes(PAGE_BYTES))),
    ],
    [
      'the index of names is garbage',
      (bytes) =>
        source.pagesOf('sqlite_autoindex_name_2').forEach((page) => pageIn(bytes, page).set(randomBytes(PAGE_BYTES))),
    ],
    ['the rollups are gone', (bytes) => source.pagesOf('rollup').forEach((page) => pageIn(bytes, page).fill(0))],
  ];
  for (const [what, damage] of kinds) {
    test(what, () => {
      const outcome = salvaged(source.damaged(damage));
      assertUnharmed(outcome);
      assert.equal(outcome.databaseId, source.databaseId);
    });
  }

  test('the counters are gone: ids go on behind the newest event, and the id that is offered is taken', () => {
    const bytes = source.damaged((copy) => source.pagesOf('meta').forEach((page) => pageIn(copy, page).fill(0)));
    const outcome = salvaged(bytes, { databaseId: OTHER_ID });
    assertUnharmed(outcome);
    assert.equal(outcome.databaseId, OTHER_ID);
  });

  test('a name is changed: the hashes tell which text is right', () => {
    for (const tree of ['name', 'sqlite_autoindex_name_2']) {
      const bytes = source.damaged((copy) => {
        const [page] = source.pagesOf(tree);
        const bytesOfPage = pageIn(copy, page ?? 0);
        bytesOfPage[bytesOfPage.indexOf('type-3') + 5] = 0x31;
      });
      assertUnharmed(salvaged(bytes));
    }
  });
});

describe('damage that costs events', () => {
  test('a garbled leaf costs the events on it, and names them by their neighbours', () => {
    const leaf = source.pagesOf('event', 'leaf')[20] ?? 0;
    const lost = source.idsOn(leaf);
    assert.ok(lost.length > 3);
    const outcome = salvaged(source.damaged((bytes) => pageIn(bytes, leaf).set(randomBytes(PAGE_BYTES))));
    assert.deepEqual(
      outcome.events,
      source.events.filter(({ id }) => !lost.includes(id)),
    );
    const [first, last] = [lost[0] ?? 0, lost.at(-1) ?? 0];
    assert.deepEqual(outcome.report.missingRanges, [
      {
        fromId: first,
        toId: last,
        count: lost.length,
        sinceSeconds: source.events[first - 2]?.timestamp,
        untilSeconds: source.events[last]?.timestamp,
      },
    ]);
  });

  test('a flipped byte of a payload costs that event', () => {
    const at = source.bytes.indexOf('"n":2345,');
    const outcome = salvaged(source.damaged((bytes) => void bytes.write('"n":2346,', at)));
    assert.deepEqual(outcome.report.damagedIds, [2_346]);
    assert.equal(outcome.report.damagedCount, 1);
    assert.deepEqual(
      outcome.report.missingRanges.map(({ fromId, toId, count }) => [fromId, toId, count]),
      [[2_346, 2_346, 1]],
    );
    assertHonest(source, outcome);
    assert.equal(outcome.events.length, COUNT - 1);
  });

  test('a lost overflow page costs the one event that needs it', () => {
    const page = source.pagesOf('event', 'overflow')[3] ?? 0;
    const [id, ...others] = source.idsOn(page);
    assert.ok(id !== undefined && others.length === 0);
    const outcome = salvaged(source.damaged((bytes) => pageIn(bytes, page).fill(0x55)));
    assert.deepEqual(outcome.report.damagedIds, [id]);
    assert.equal(outcome.events.length, COUNT - 1);
  });

  test('names that nobody knows any more cost the events that have them, and nothing else', () => {
    const bytes = source.damaged((copy) => {
      for (const tree of ['name', 'sqlite_autoindex_name_2']) {
        const page = pageIn(copy, source.pagesOf(tree)[0] ?? 0);
        page.write('source-', page.indexOf('source-0'));
        page.write('#', page.indexOf('source-0') + 7);
      }
    });
    const outcome = salvaged(bytes);
    assert.deepEqual(
      outcome.events,
      source.events.filter(({ source: name }) => name !== 'source-0'),
    );
    assert.equal(missingCount(outcome.report), COUNT - outcome.events.length);
  });

  test('both copies of the dictionary are gone: no event can be told to be right', () => {
    const bytes = source.damaged((copy) => {
      for (const tree of ['name', 'sqlite_autoindex_name_2']) {
        for (const page of source.pagesOf(tree)) pageIn(copy, page).fill(0);
      }
    });
    const outcome = salvaged(bytes);
    assert.deepEqual([outcome.events.length, outcome.lastId, outcome.report.patterns], [0, COUNT, 30]);
    assert.equal(outcome.databaseId, source.databaseId);
    assert.equal(outcome.report.damagedIds.length, 1_000);
    assert.equal(outcome.report.damagedCount, COUNT);
    assert.equal(missingCount(outcome.report), COUNT);
    assert.deepEqual(
      outcome.rows['gap']?.map((row) => (row as { source_id: number | null }).source_id),
      [null, null],
      'a gap does not name a source that has no name',
    );
  });

  for (const share of [0.999, 0.75, 0.5, 0.1]) {
    test(`a file that ends after ${share * 100} % keeps what is in it`, () => {
      const end = Math.floor(source.bytes.length * share);
      const outcome = salvaged(source.bytes.subarray(0, end));
      assertHonest(source, outcome);
      assert.equal(missingCount(outcome.report), COUNT - outcome.events.length);
      const lost = new Set<number>();
      for (let page = Math.floor(end / PAGE_BYTES) + 1; page <= source.pageCount; page += 1) {
        for (const id of source.idsOn(page)) lost.add(id);
      }
      const kept = new Set(outcome.events.map(idOf));
      assert.deepEqual(
        source.events.map(idOf).filter((id) => !lost.has(id) && !kept.has(id)),
        [],
        'only what stood behind the end is lost',
      );
      assert.equal(outcome.lastId, COUNT, 'no id is used again');
      assert.equal(outcome.databaseId, source.databaseId);
    });
  }
});

describe('salvage of what is no database', () => {
  const files: [what: string, bytes: () => Buffer][] = [
    ['nothing', () => Buffer.alloc(0)],
    ['a few bytes', () => Buffer.from('hello')],
    ['zeros', () => Buffer.alloc(100 * PAGE_BYTES)],
    ['noise', () => randomBytes(100 * PAGE_BYTES)],
    ['text', () => Buffer.from('no database at all\n'.repeat(5_000))],
    ['pages that only begin like ones', () => Buffer.alloc(100 * PAGE_BYTES, Buffer.from([13, 0, 0, 0, 200, 0, 0, 0]))],
  ];
  for (const [what, bytes] of files) {
    test(`${what} is refused, and leaves nothing behind`, () => {
      using home = temporaryHome();
      const [path, target] = [join(home.path, 'source.db'), join(home.path, 'target.db')];
      writeFileSync(path, bytes());
      assert.throws(() => salvage(path, target, { databaseId: OTHER_ID }), { code: 'damaged_database' });
      assert.deepEqual(readdirSync(home.path), ['source.db']);
    });
  }

  test('a schema of a newer daybook is refused', () => {
    const bytes = source.damaged((copy) => void copy.writeUInt32BE(99, 60));
    assert.throws(() => salvaged(bytes), { code: 'newer_schema' });
  });
});
