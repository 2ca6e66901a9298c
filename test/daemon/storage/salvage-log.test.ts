import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { seededIntegers } from '../../harness/property.ts';
import { eventNumber, eventsIn, type EventInView, PAGE_BYTES, pageIn, salvaged } from './salvage-source.ts';

const LOG_HEADER_BYTES = 32;
const FRAME_BYTES = 24 + PAGE_BYTES;
const PER_COMMIT = 25;
const COMMITS = 40;

/** A database whose last commits are only in its log, as a killed daemon leaves it. */
let file: Buffer;
let log: Buffer;
let events: EventInView[];
before(() => {
  using database = new TemporaryDatabase();
  const append = (commit: number) =>
    database.append(
      Array.from({ length: PER_COMMIT }, (_, n) => eventNumber(commit * PER_COMMIT + n)),
      commit,
    );
  for (let commit = 0; commit < COMMITS / 2; commit += 1) append(commit);
  database.db.pragma('wal_checkpoint(TRUNCATE)');
  for (let commit = COMMITS / 2; commit < COMMITS; commit += 1) append(commit);
  events = eventsIn(database.db);
  file = readFileSync(database.path);
  log = readFileSync(`${database.path}-wal`);
});

/** What SQLite reads of a file and its log. */
function readBySqlite(bytes: Buffer, logBytes: Buffer): EventInView[] {
  using home = temporaryHome();
  const path = join(home.path, 'events.db');
  writeFileSync(path, bytes);
  writeFileSync(`${path}-wal`, logBytes);
  const db = new Sqlite(path);
  try {
    return eventsIn(db);
  } finally {
    db.close();
  }
}

describe('salvage with a write-ahead log', () => {
  test('takes in what is only there', () => {
    const outcome = salvaged(file, {}, log);
    assert.deepEqual(outcome.events, events);
    assert.deepEqual(outcome.report.missingRanges, []);
    assert.equal(outcome.lastId, COMMITS * PER_COMMIT);
  });

  test('whose end is torn off keeps every commit before that, as SQLite does', (t) => {
    for (const end of [0, LOG_HEADER_BYTES, ...seededIntegers(t, 6, 0, log.length)]) {
      const torn = log.subarray(0, end);
      const outcome = salvaged(file, {}, torn);
      assert.deepEqual(outcome.events, readBySqlite(file, torn), `torn at ${end}`);
      assert.deepEqual(outcome.report.missingRanges, []);
    }
  });

  test('whose end is unreadable keeps every commit before that', (t) => {
    for (const from of seededIntegers(t, 4, LOG_HEADER_BYTES, log.length)) {
      const garbled = Buffer.from(log).fill(0xe5, from);
      assert.deepEqual(salvaged(file, {}, garbled).events, readBySqlite(file, garbled), `garbage from ${from}`);
    }
  });

  test('with one damaged frame brings back the commits behind it, which SQLite does not read', () => {
    const frames = Math.floor((log.length - LOG_HEADER_BYTES) / FRAME_BYTES);
    const at = LOG_HEADER_BYTES + Math.floor(frames / 3) * FRAME_BYTES + 24 + 2_000;
    const flipped = Buffer.from(log);
    flipped[at] = (flipped[at] ?? 0) ^ 0x10;
    const bySqlite = readBySqlite(file, flipped);
    const outcome = salvaged(file, {}, flipped);
    assert.ok(bySqlite.length < events.length - 5 * PER_COMMIT, `SQLite reads ${bySqlite.length}`);
    assert.deepEqual(outcome.events, events);
    assert.equal(outcome.lastId, COMMITS * PER_COMMIT);
  });

  test('whose header is damaged goes by the file alone', () => {
    const garbled = Buffer.from(log).fill(0, 0, 8);
    const outcome = salvaged(file, {}, garbled);
    assert.deepEqual(outcome.events, events.slice(0, (COMMITS / 2) * PER_COMMIT));
  });

  test('over a file that is garbage has what the log has', () => {
    const garbage = Buffer.alloc(file.length, 0xee);
    const outcome = salvaged(garbage, {}, log);
    const originals = new Map(events.map((event) => [event.id, event]));
    for (const event of outcome.events) assert.deepEqual(event, originals.get(event.id));
    const inLog = (COMMITS / 2) * PER_COMMIT;
    assert.ok(outcome.events.length >= inLog, `${outcome.events.length} of the ${inLog} in the log`);
    assert.equal(outcome.lastId, COMMITS * PER_COMMIT);
  });

  test('brings no event back that a later commit deleted', () => {
    using database = new TemporaryDatabase();
    database.append(Array.from({ length: 500 }, (_, n) => eventNumber(n)));
    database.db.pragma('wal_checkpoint(TRUNCATE)');
    database.db.prepare('DELETE FROM event WHERE id > 100').run();
    const path = join(database.directory, 'copy.db');
    for (const suffix of ['', '-wal']) copyFileSync(database.path + suffix, path + suffix);
    const bytes = readFileSync(path);
    pageIn(bytes, 1).fill(0);
    // The counts per name belong to the deleted events, too: nothing here keeps them up to date.
    database.db.prepare('DELETE FROM rollup').run();
    const outcome = salvaged(bytes, {}, readFileSync(`${path}-wal`));
    assert.deepEqual(
      outcome.events.map(({ id }) => id),
      Array.from({ length: 100 }, (_, index) => index + 1),
    );
  });

  test('of a checkpoint that was cut off reads what is in the log from there', () => {
    using home = temporaryHome();
    const path = join(home.path, 'events.db');
    writeFileSync(path, file);
    writeFileSync(`${path}-wal`, log);
    const db = new Sqlite(path);
    db.pragma('wal_checkpoint(FULL)');
    const whole = readFileSync(path);
    db.close();
    truncateSync(path, file.length);
    // Half of the pages are the new ones.
    const mixed = Buffer.from(readFileSync(path));
    for (let page = 1; page * PAGE_BYTES <= mixed.length; page += 2) pageIn(mixed, page).set(pageIn(whole, page));
    assert.deepEqual(salvaged(mixed, {}, log).events, events);
  });
});
