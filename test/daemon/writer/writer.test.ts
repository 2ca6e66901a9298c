import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { receiptOutcome } from '../../../daemon/writer/receipt-outcome.ts';
import { openWriterThread, type Writer, type WriterEvents } from '../../../daemon/writer/writer.ts';
import type { WriterJob, WriterOutcome, WriterSettings } from '../../../daemon/writer/writer-messages.ts';
import { encode } from '../../../shared/codec.ts';
import type { StoredEvent } from '../../../shared/event.ts';
import type { Receipt, Rejection } from '../../../shared/messages/record.ts';
import { preparedJob } from '../../harness/prepared.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

const event = (n: number) => ({ type: 't', source: 's', timestamp: n });

interface Told {
  writer: Writer;
  outcomes: WriterOutcome[];
  lastIds: number[];
  unpersisted: StoredEvent[];
  deaths: Error[];
}

async function open(t: TestContext, databasePath: string, settings: Partial<WriterSettings> = {}): Promise<Told> {
  const told: Omit<Told, 'writer'> = { outcomes: [], lastIds: [], unpersisted: [], deaths: [] };
  const events: WriterEvents = {
    onOutcomes: (outcomes, lastId) => {
      told.outcomes.push(...outcomes);
      told.lastIds.push(lastId);
    },
    onUnpersisted: (more) => told.unpersisted.push(...more),
    onOpening: () => undefined,
    onUpkeep: () => undefined,
    onCleaned: () => undefined,
    onStorage: () => undefined,
    onFatal: (error) => told.deaths.push(error),
    onLog: () => undefined,
    onDied: (error) => told.deaths.push(error),
  };
  const writer = await openWriterThread(
    {
      databasePath,
      batchSize: 100,
      batchTimeoutMs: 60_000,
      retentionDays: 36_500,
      retentionSizeBytes: 0,
      retentionRules: [],
      cleanupIntervalMs: 3_600_000,
      persist: true,
      init: false,
      ...settings,
    },
    events,
  );
  t.after(() => writer.close());
  return { ...told, writer };
}

function job(key: number, events: unknown[], wait = true): WriterJob {
  return preparedJob({ kind: 'record', key, sender: 1, body: encode({ wait, events }) });
}

describe('the writer thread', () => {
  test('commits what it is given and tells the newest id', async (t) => {
    using home = temporaryHome();
    const path = join(home.path, 'events.db');
    const { writer, outcomes, lastIds, deaths } = await open(t, path);
    assert.equal(writer.lastIdAtStart, 0);
    writer.post([job(1, [event(1), event(2)])]);
    await waitFor('the receipt', () => outcomes.length === 1);
    assert.deepEqual(lastIds, [2]);
    await writer.close();
    assert.deepEqual(deaths, []);

    const again = await open(t, path);
    assert.equal(again.writer.lastIdAtStart, 2);
    assert.equal(again.writer.databaseId, writer.databaseId);
    await again.writer.close();
  });

  test('commits what was posted before it was closed, though nobody waited, and folds the log in', async (t) => {
    using home = temporaryHome();
    const path = join(home.path, 'events.db');
    const { writer, outcomes } = await open(t, path);
    writer.post([job(1, [event(1)], false)]);
    writer.post([job(2, [event(2)], false)]);
    await writer.close();
    assert.deepEqual(
      outcomes.map(({ key }) => key),
      [1, 2],
    );
    assert.equal(existsSync(`${path}-wal`), false);
    const db = new Sqlite(path, { readonly: true });
    assert.equal(db.prepare('SELECT count(*) FROM events').pluck().get(), 2);
    db.close();
  });

  test('says why a database cannot be opened', async (t) => {
    using home = temporaryHome();
    const path = join(home.path, 'events.db');
    const foreign = new Sqlite(path);
    foreign.exec('CREATE TABLE notes (text)');
    foreign.close();
    await assert.rejects(open(t, path), { code: 'foreign_database' });
    await assert.rejects(open(t, join(home.path, 'missing', 'events.db')), { code: 'storage_error' });
    const garbage = join(home.path, 'garbage.db');
    writeFileSync(garbage, Buffer.alloc(4096, 'garbage'));
    await assert.rejects(open(t, garbage), { code: 'storage_error', message: /NOTADB.*not a database/ });
  });
});

describe('the writer thread with persistence off', () => {
  test('checks events and hands them back in order, and makes no file', async (t) => {
    using home = temporaryHome();
    const { writer, outcomes, unpersisted } = await open(t, join(home.path, 'missing', 'events.db'), {
      persist: false,
    });
    writer.post([job(1, [event(1), { ...event(2), type: '' }, { ...event(3), action: 'x', data: { n: 1 } }])]);
    writer.post([job(2, [event(1)], false), { kind: 'flush', key: 3, sender: 1 }]);
    await waitFor('all outcomes', () => outcomes.length === 3);
    const receipt = (stored: number, rejected: Rejection[]): Receipt => ({
      stored,
      duplicate: 0,
      rejected,
      firstId: null,
      lastId: null,
      level: 'committed',
      persisted: false,
    });
    assert.deepEqual(outcomes, [
      receiptOutcome(1, receipt(2, [{ index: 1, code: 'invalid_type', message: 'type must not be empty' }])),
      receiptOutcome(2, receipt(1, []), false),
      { key: 3, done: true },
    ]);
    assert.deepEqual(unpersisted, [
      { id: 0, type: 't', source: 's', timestamp: 1, data: {} },
      { id: 0, type: 't', source: 's', timestamp: 3, action: 'x', data: { n: 1 } },
      { id: 0, type: 't', source: 's', timestamp: 1, data: {} },
    ]);
    await writer.close();
    assert.equal(existsSync(join(home.path, 'missing')), false);
  });

  test('refuses a pattern, and what it cannot read', async (t) => {
    const { writer, outcomes, unpersisted } = await open(t, '/nowhere', { persist: false });
    const pattern = { eventId: null, patternType: 'p', confidence: 1, patternData: '{}', embryoId: null };
    writer.post([
      { kind: 'store-pattern', key: 1, sender: 1, pattern },
      preparedJob({ kind: 'record', key: 2, sender: 1, body: Buffer.from([0xc1]) }),
    ]);
    await waitFor('both outcomes', () => outcomes.length === 2);
    assert.deepEqual(
      outcomes.map((outcome) => 'error' in outcome && outcome.error.code),
      ['persistence_disabled', 'invalid_request'],
    );
    assert.deepEqual(unpersisted, []);
    await writer.close();
  });
});
