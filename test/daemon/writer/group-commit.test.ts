import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { describe, mock, test, type TestContext } from 'node:test';
import { GroupCommit } from '../../../daemon/writer/group-commit.ts';
import type { StorageFailure } from '../../../daemon/storage/storage-failure.ts';
import type { IncomingJob, WriterOutcome } from '../../../daemon/writer/writer-messages.ts';
import { decode, encode } from '../../../shared/codec.ts';
import { DaybookError } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import type { Origin } from '../../../shared/messages/origin.ts';
import type { Receipt } from '../../../shared/messages/record.ts';
import { preparedJob } from '../../harness/prepared.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const BATCH_TIMEOUT_MS = 5_000;

const event = (n: number) => ({ type: 't', source: 's', timestamp: n, data: { n } });

/** A group commit on a database of its own. The batch timer is moved by hand; the event loop is the real one. */
class Trial {
  readonly database = new TemporaryDatabase();
  readonly commits: WriterOutcome[][] = [];
  readonly errors: unknown[] = [];
  readonly failures: StorageFailure[] = [];
  readonly group: GroupCommit;
  /** Runs in the moment the outcomes are told. */
  onOutcomes: () => void = () => undefined;
  /** Runs when the group looks for what has arrived. */
  onTakeIn: () => void = () => undefined;
  #key = 0;
  #failure: Error | undefined;

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
      takeIn: () => this.onTakeIn(),
      onOutcomes: (outcomes) => {
        this.commits.push(outcomes);
        this.onOutcomes();
      },
      onCommitted: () => {
        if (this.#failure !== undefined) throw this.#failure;
      },
      onStorageFailure: (failure, error) => {
        this.failures.push(failure);
        this.errors.push(error);
      },
    });
  }

  record(
    events: unknown[],
    options: { wait?: boolean; durability?: string; sender?: number; origin?: Origin } = {},
  ): void {
    const { sender = 1, ...fields } = options;
    this.add({ kind: 'record', sender, body: encode({ ...fields, events }) });
  }

  add(job: Record<string, unknown>): void {
    this.#key += 1;
    this.group.add(preparedJob({ sender: 1, ...job, key: this.#key } as IncomingJob));
  }

  /** Has every commit fail after it was done, or none any more. */
  fail(error: Error | undefined): void {
    this.#failure = error;
  }

  get stored(): number {
    return this.database.db.prepare<[], number>('SELECT count(*) FROM event').pluck().get() ?? 0;
  }

  codes(): string[] {
    return this.commits.flat().map((outcome) => ('error' in outcome ? outcome.error.code : 'stored'));
  }

  receipts(): (Receipt | undefined)[] {
    return this.commits
      .flat()
      .map((outcome) => ('receipt' in outcome ? (decode(outcome.receipt) as Receipt) : undefined));
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

  test('by new bounds as soon as it is told them, and then at once what waits under the old ones', async (t) => {
    const trial = new Trial(t);
    trial.record([event(1)], { wait: false });
    await turn();
    trial.group.adopt({ batchSize: 2, batchTimeoutMs: 1_000 });
    assert.equal(trial.commits.length, 1);
    trial.record([event(2)], { wait: false });
    await turn();
    mock.timers.tick(999);
    assert.equal(trial.commits.length, 1);
    mock.timers.tick(1);
    assert.equal(trial.commits.length, 2);
    trial.record([event(3), event(4)], { wait: false });
    await turn();
    assert.equal(trial.commits.length, 3);
    trial.group.adopt({ batchSize: 100, batchTimeoutMs: 1_000 });
    assert.equal(trial.commits.length, 3, 'nothing waits');
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

  test('when a transaction is full, long before the window is, so that the queue behind it goes on', async (t) => {
    const trial = new Trial(t, limits.eventsPerFrame);
    const large = (n: number) => ({ ...event(n), data: { text: 'x'.repeat(limits.writerWindowBytes / 32) } });
    for (let n = 0; n < 3; n += 1) trial.record([large(n)], { wait: false });
    await turn();
    assert.equal(trial.commits.length, 0);
    trial.record([large(4)], { wait: false });
    await turn();
    assert.equal(trial.commits.length, 1);
  });

  test('for a sender with one small thing before the many of another', async (t) => {
    const trial = new Trial(t, limits.eventsPerFrame);
    const flood = Array.from({ length: 2_000 }, (_, n) => event(n));
    for (let job = 0; job < 3; job += 1) trial.record(flood, { sender: 1 });
    trial.record([event(-1 + 1e9)], { sender: 2 });
    await turn();
    for (let round = 0; round < 20 && trial.commits.flat().length < 4; round += 1) await turn();
    assert.deepEqual(
      trial.commits.flat().map(({ key }) => key),
      [1, 4, 2, 3],
    );
  });

  test('with what has arrived since its turn began', async (t) => {
    const trial = new Trial(t, limits.eventsPerFrame);
    trial.record(
      Array.from({ length: 500 }, (_, n) => event(n)),
      { sender: 1 },
    );
    let looks = 0;
    trial.onTakeIn = () => {
      looks += 1;
      if (looks === 2) trial.record([event(1e9)], { sender: 2 });
    };
    await turn();
    assert.deepEqual(
      trial.commits.map((outcomes) => outcomes.map(({ key }) => key)),
      [[1, 2]],
    );
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
      ['counts', 'done'],
    );
  });

  test('for a flush with nothing before it', async (t) => {
    const trial = new Trial(t);
    trial.add({ kind: 'flush' });
    await turn();
    assert.deepEqual(trial.commits, [[{ key: 1, done: true }]]);
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

describe('GroupCommit: what it notes of events that are missing', () => {
  const origin = (first: number) => ({ producer: 'p', epoch: 'e', first });
  const bad = (n: number) => ({ ...event(n), type: '' });
  const gapsIn = (trial: Trial) =>
    trial.database.db.prepare<[], unknown[]>('SELECT reason, events FROM gap ORDER BY reason, id').raw().all();

  test('the numbers that a request leaves out, before anybody is told', async (t) => {
    const trial = new Trial(t);
    const seen: unknown[] = [];
    trial.onOutcomes = () => seen.push(trial.database.store.gaps.size);
    trial.record([event(1), event(2)], { origin: origin(1) });
    await turn();
    trial.record([event(8)], { origin: origin(8) });
    trial.record([event(4)], { origin: origin(4) });
    await turn();
    assert.deepEqual(seen, [0, 2]);
    assert.deepEqual(gapsIn(trial), [
      ['missing', 1],
      ['missing', 3],
    ]);
    trial.record([event(5), event(6), event(7)], { origin: origin(5) });
    trial.record([event(3)], { origin: origin(3) });
    await turn();
    assert.deepEqual([seen.at(-1), gapsIn(trial)], [0, []]);
  });

  test('numbers that come again with events that are known, as no gap', async (t) => {
    const trial = new Trial(t);
    for (let time = 0; time < 3; time += 1) trial.record([event(1), event(2)], { origin: origin(1) });
    trial.record([event(2), event(1)], { origin: origin(3) });
    await turn();
    assert.deepEqual(
      trial.receipts().map((receipt) => receipt?.duplicate),
      [0, 2, 2, 2],
    );
    assert.deepEqual(gapsIn(trial), []);
  });

  test('refusals, and those with a number once however often they are sent', async (t) => {
    const trial = new Trial(t);
    for (let time = 0; time < 3; time += 1) trial.record([event(1), bad(2)], { origin: origin(1) });
    await turn();
    trial.record([event(1), bad(2)], { origin: origin(1) });
    trial.record([bad(2), bad(3)]);
    await turn();
    assert.deepEqual(gapsIn(trial), [
      ['rejected: invalid_type', 1],
      ['rejected: invalid_type', 2],
    ]);
  });

  test('reports of producers, after what came before them', async (t) => {
    const trial = new Trial(t);
    const gap = { producer: 'p', epoch: 'e', from: 2, to: 9, since: 1, until: 2, reason: 'spool_full' };
    trial.record([event(1), event(2)], { origin: origin(1), wait: false });
    trial.add({ kind: 'report-gaps', gaps: [gap] });
    trial.record([event(10)], { origin: origin(10), wait: false });
    await turn();
    assert.deepEqual(trial.commits[0]?.[1], { key: 2, done: true });
    assert.deepEqual(gapsIn(trial), [['spool_full', 7]]);
  });

  test('nothing of a transaction that failed, and all of it once that is repeated', async (t) => {
    const trial = new Trial(t);
    const { db } = trial.database;
    trial.record([event(1)], { origin: origin(1) });
    await turn();
    const before = trial.database.dump();
    db.exec("CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT raise(ABORT, 'disk full'); END");
    const again = async () => {
      trial.record([event(5), bad(6)], { origin: origin(5) });
      const gap = { producer: 'p', epoch: 'e', from: 3, to: 3, since: 1, until: 2, reason: 'spool_full' };
      trial.add({ kind: 'report-gaps', gaps: [gap] });
      await turn();
    };
    await again();
    db.exec('DROP TRIGGER full');
    assert.deepEqual(trial.database.dump(), before);
    assert.equal(trial.database.store.gaps.size, 0);
    await again();
    assert.deepEqual(gapsIn(trial), [
      ['missing', 1],
      ['missing', 1],
      ['rejected: invalid_type', 1],
      ['spool_full', 1],
    ]);
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

  test('the disk is full: nothing is stored, and what comes later is tried again', async (t) => {
    const trial = new Trial(t);
    trial.fail(new Sqlite.SqliteError('database or disk is full', 'SQLITE_FULL'));
    for (let time = 0; time < 2; time += 1) {
      trial.record([event(1)]);
      await turn();
    }
    trial.fail(undefined);
    trial.record([event(1)]);
    await turn();
    assert.deepEqual(trial.codes(), ['disk_full', 'disk_full', 'stored']);
    assert.deepEqual(trial.failures, ['full', 'full']);
  });

  test('the disk fails, or the files are not there: everything is refused from then on', async (t) => {
    for (const [error, failure] of [
      [new Sqlite.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC'), 'broken'],
      [new Sqlite.SqliteError('malformed', 'SQLITE_CORRUPT'), 'damaged'],
      [new DaybookError('missing_database', 'it was deleted'), 'broken'],
    ] as const) {
      const trial = new Trial(t);
      trial.record([event(1)]);
      await turn();
      trial.fail(error);
      trial.record([event(2)]);
      await turn();
      // Whatever it was: it may be back by chance, and what was not flushed is not.
      trial.fail(undefined);
      trial.record([event(3)]);
      trial.add({ kind: 'flush' });
      await turn();
      assert.deepEqual(trial.codes(), ['stored', 'storage_error', 'storage_error', 'storage_error']);
      assert.equal(trial.failures[0], failure);
      mock.timers.reset();
    }
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
