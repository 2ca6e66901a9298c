import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { describe, mock, test, type TestContext } from 'node:test';
import { GroupCommit } from '../../../daemon/writer/group-commit.ts';
import type { WriterJob, WriterOutcome } from '../../../daemon/writer/writer-messages.ts';
import { encode } from '../../../shared/codec.ts';
import { limits } from '../../../shared/limits.ts';
import type { Receipt } from '../../../shared/messages/record.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const BATCH_TIMEOUT_MS = 5_000;

const event = (n: number) => ({ type: 't', source: 's', timestamp: n, data: { n } });

/** A group commit on a database of its own. The batch timer is moved by hand; the event loop is the real one. */
class Trial {
  readonly database = new TemporaryDatabase();
  readonly commits: WriterOutcome[][] = [];
  readonly errors: unknown[] = [];
  readonly group: GroupCommit;
  /** Runs in the moment the outcomes are told. */
  onOutcomes: () => void = () => undefined;
  #key = 0;

  constructor(t: TestContext, batchSize = 100) {
    mock.timers.enable({ apis: ['setTimeout'] });
    t.after(() => {
      mock.timers.reset();
      this.database[Symbol.dispose]();
    });
    const { store, names } = this.database;
    this.group = new GroupCommit(store, names, {
      batchSize,
      batchTimeoutMs: BATCH_TIMEOUT_MS,
      onOutcomes: (outcomes) => {
        this.commits.push(outcomes);
        this.onOutcomes();
      },
      onStorageError: (error) => this.errors.push(error),
    });
  }

  record(events: unknown[], options: { wait?: boolean; durability?: string } = {}): void {
    this.add({ kind: 'record', body: encode({ ...options, events }) });
  }

  add(job: Record<string, unknown>): void {
    this.#key += 1;
    this.group.add({ ...job, key: this.#key } as WriterJob);
  }

  get stored(): number {
    return this.database.db.prepare<[], number>('SELECT count(*) FROM event').pluck().get() ?? 0;
  }

  receipts(): (Receipt | undefined)[] {
    return this.commits.flat().map((outcome) => ('receipt' in outcome ? outcome.receipt : undefined));
  }
}

/** Lets everything run that is due in this turn of the event loop and the next. */
async function turn(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('GroupCommit: when it commits', () => {
  test('at once when a sender waits, together with all that is there', async (t) => {
    const trial = new Trial(t);
    trial.record([event(1)], { wait: false });
    await turn();
    assert.equal(trial.commits.length, 0);
    trial.record([event(2)]);
    trial.record([event(3)], { wait: false });
    assert.equal(trial.stored, 0, 'what arrives in the same turn may still join');
    await turn();
    assert.equal(trial.commits.length, 1);
    assert.deepEqual(
      trial.receipts().map((receipt) => receipt?.firstId),
      [1, 2, 3],
    );
  });

  test('at the batch size, not one event before', async (t) => {
    const trial = new Trial(t, 3);
    trial.record([event(1), event(2)], { wait: false });
    await turn();
    assert.equal(trial.commits.length, 0);
    trial.record([event(3)], { wait: false });
    await turn();
    assert.equal(trial.commits.length, 1);
    assert.equal(trial.stored, 3);
  });

  test('at the batch timeout, counted from the oldest event', async (t) => {
    const trial = new Trial(t);
    trial.record([event(1)], { wait: false });
    mock.timers.tick(BATCH_TIMEOUT_MS - 1);
    trial.record([event(2)], { wait: false });
    await turn();
    assert.equal(trial.commits.length, 0);
    mock.timers.tick(1);
    assert.equal(trial.commits.length, 1);
    assert.equal(trial.stored, 2);
    trial.record([event(3)], { wait: false });
    mock.timers.tick(BATCH_TIMEOUT_MS - 1);
    assert.equal(trial.commits.length, 1, 'the second event left no timer behind');
  });

  test('with a whole timeout again after each commit', async (t) => {
    const trial = new Trial(t);
    trial.record([event(1)], { wait: false });
    mock.timers.tick(BATCH_TIMEOUT_MS - 1);
    trial.record([event(2)]);
    await turn();
    assert.equal(trial.commits.length, 1);
    trial.record([event(3)], { wait: false });
    mock.timers.tick(BATCH_TIMEOUT_MS - 1);
    await turn();
    assert.equal(trial.commits.length, 1);
    mock.timers.tick(1);
    assert.equal(trial.commits.length, 2);
  });

  test('when half a window of bytes is there, so that the queue behind it goes on', async (t) => {
    const trial = new Trial(t, limits.eventsPerFrame);
    const large = (n: number) => ({ ...event(n), data: { text: 'x'.repeat(limits.writerWindowBytes / 8) } });
    for (let n = 0; n < 3; n += 1) trial.record([large(n)], { wait: false });
    await turn();
    assert.equal(trial.commits.length, 0);
    trial.record([large(4)], { wait: false });
    await turn();
    assert.equal(trial.commits.length, 1);
  });

  test('when asked to, and then not again', async (t) => {
    const trial = new Trial(t);
    trial.record([event(1)]);
    trial.group.commit();
    assert.equal(trial.stored, 1);
    trial.group.commit();
    await turn();
    mock.timers.tick(BATCH_TIMEOUT_MS);
    assert.equal(trial.commits.length, 1);
  });

  test('for a flush at once: what came before it, and the flush after its receipts', async (t) => {
    const trial = new Trial(t);
    trial.record([event(1)], { wait: false });
    trial.add({ kind: 'flush' });
    await turn();
    assert.equal(trial.stored, 1);
    assert.deepEqual(trial.commits.length, 1);
    assert.deepEqual(
      trial.commits[0]?.map((outcome) => Object.keys(outcome)[1]),
      ['receipt', 'flushed'],
    );
  });

  test('for a flush with nothing before it', async (t) => {
    const trial = new Trial(t);
    trial.add({ kind: 'flush' });
    await turn();
    assert.deepEqual(trial.commits, [[{ key: 1, flushed: true }]]);
  });
});

describe('GroupCommit: what it tells', () => {
  test('only after COMMIT: another connection sees the rows', async (t) => {
    const trial = new Trial(t);
    const other = new Sqlite(trial.database.path, { readonly: true });
    t.after(() => other.close());
    const seen: unknown[] = [];
    trial.onOutcomes = () => seen.push(other.prepare('SELECT count(*) FROM events').pluck().get());
    trial.record([event(1), event(2)]);
    await turn();
    trial.record([event(3)], { wait: false });
    mock.timers.tick(BATCH_TIMEOUT_MS);
    assert.deepEqual(seen, [2, 3]);
  });

  test('which events were refused and why, and what became of the others', async (t) => {
    const trial = new Trial(t);
    trial.record([event(1), { ...event(2), type: '' }, event(1), event(3), 'no event']);
    await turn();
    const [receipt] = trial.receipts();
    assert.deepEqual(
      { ...receipt, rejected: receipt?.rejected.map(({ index, code }) => [index, code]) },
      {
        stored: 2,
        duplicate: 1,
        rejected: [
          [1, 'invalid_type'],
          [4, 'invalid_event'],
        ],
        firstId: 1,
        lastId: 2,
        level: 'committed',
        persisted: true,
      },
    );
  });

  test('the same of events that are all refused, of all duplicates, and of none', async (t) => {
    const trial = new Trial(t);
    trial.record([event(1)]);
    trial.record([1, 2]);
    trial.record([event(1), event(1)]);
    trial.record([]);
    await turn();
    assert.deepEqual(
      trial
        .receipts()
        .map((each) => [each?.stored, each?.duplicate, each?.rejected.length, each?.firstId, each?.lastId]),
      [
        [1, 0, 0, 1, 1],
        [0, 0, 2, null, null],
        [0, 2, 0, null, null],
        [0, 0, 0, null, null],
      ],
    );
  });

  test('a refusal of a request that cannot be read, with no harm to those around it', async (t) => {
    const trial = new Trial(t);
    trial.record([event(1)], { wait: false });
    trial.add({ kind: 'record', body: Buffer.from([0xc1]) });
    trial.record([event(2)], { wait: false });
    await turn();
    assert.equal(trial.commits.length, 1);
    assert.deepEqual(
      trial.commits[0]?.map((outcome) => ('error' in outcome ? outcome.error.code : 'receipt')),
      ['receipt', 'invalid_request', 'receipt'],
    );
    assert.equal(trial.stored, 2);
  });

  test('the level that was asked for, and the disk is told to flush for it alone', async (t) => {
    const trial = new Trial(t);
    const synchronous: unknown[] = [];
    trial.onOutcomes = () => synchronous.push(trial.database.db.pragma('synchronous', { simple: true }));
    trial.record([event(1)], { durability: 'flushed' });
    trial.record([event(2)]);
    await turn();
    trial.record([event(3)]);
    await turn();
    assert.deepEqual(
      trial.receipts().map((receipt) => receipt?.level),
      ['flushed', 'committed', 'committed'],
    );
    assert.deepEqual(synchronous, [2, 1]);
  });

  test('the id of a pattern', async (t) => {
    const trial = new Trial(t);
    const pattern = { eventId: null, patternType: 'p', confidence: 0.5, patternData: '{}', embryoId: 'e' };
    trial.add({ kind: 'store-pattern', pattern });
    trial.add({ kind: 'store-pattern', pattern });
    await turn();
    assert.deepEqual(trial.commits, [
      [
        { key: 1, patternId: 1 },
        { key: 2, patternId: 2 },
      ],
    ]);
    assert.equal(trial.database.db.prepare("SELECT count(*) FROM patterns WHERE embryo_id = 'e'").pluck().get(), 2);
  });
});

describe('GroupCommit: when the database cannot', () => {
  test('everybody in the batch is told that it may be sent again, nothing is left of it, and the same bytes are then stored once', async (t) => {
    const trial = new Trial(t);
    const { db } = trial.database;
    const before = trial.database.dump();
    db.exec(
      "CREATE TRIGGER full BEFORE INSERT ON event WHEN NEW.timestamp = 2 BEGIN SELECT raise(ABORT, 'disk full'); END",
    );
    trial.record([event(1)], { wait: false });
    trial.add({ kind: 'record', body: Buffer.from([0xc1]) });
    trial.record([event(2)]);
    trial.add({ kind: 'flush' });
    await turn();
    assert.deepEqual(
      trial.commits[0]?.map((outcome) => 'error' in outcome && [outcome.error.code, outcome.error.retryable]),
      [
        ['storage_error', true],
        ['invalid_request', false],
        ['storage_error', true],
        ['storage_error', true],
      ],
    );
    assert.equal(trial.errors.length, 1);
    assert.deepEqual(trial.database.dump(), before);
    assert.equal(db.inTransaction, false);

    db.exec('DROP TRIGGER full');
    trial.record([event(1)], { wait: false });
    trial.record([event(2)]);
    await turn();
    assert.deepEqual(
      trial
        .receipts()
        .slice(4)
        .map((receipt) => [receipt?.stored, receipt?.firstId]),
      [
        [1, 1],
        [1, 2],
      ],
    );
  });

  test('a lock of another program fails the batch and the next one goes through', async (t) => {
    const trial = new Trial(t);
    trial.database.db.pragma('busy_timeout = 0');
    const other = new Sqlite(trial.database.path);
    t.after(() => other.close());
    other.exec('BEGIN IMMEDIATE');
    trial.record([event(1)]);
    await turn();
    const [outcome] = trial.commits[0] ?? [];
    assert.ok(outcome !== undefined && 'error' in outcome);
    assert.match(outcome.error.message, /locked.*send the same events again/);
    other.exec('ROLLBACK');
    trial.record([event(1)]);
    await turn();
    assert.equal(trial.stored, 1);
  });
});
