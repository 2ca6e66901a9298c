/** Entry of the writer thread: the only read-write connection of the daemon lives here. Messages: writer-messages.ts. */
// Native string extraction: halves the time of decoding in this thread, for 6 MB.
// oxlint-disable-next-line import/no-unassigned-import
import 'msgpackr';
import { parentPort, workerData } from 'node:worker_threads';
import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { errorBody } from '../../shared/messages/error-body.ts';
import { MaintenanceSchedule } from '../maintenance/schedule.ts';
import { EventStore } from '../storage/event-store.ts';
import { NameTable } from '../storage/name-table.ts';
import { openWriter } from '../storage/open-database.ts';
import { GroupCommit } from './group-commit.ts';
import { PassThrough } from './pass-through.ts';
import type { FromWriter, ToWriter, WriterSettings } from './writer-messages.ts';

if (parentPort === null) throw new Error('writer-thread runs as a worker');
const port = parentPort;
const settings = workerData as WriterSettings;
const tell = (message: FromWriter) => port.postMessage(message);
const log = (level: 'info' | 'warn' | 'error', message: string, details: { [name: string]: unknown } = {}) =>
  tell({ kind: 'log', level, message, details });

try {
  if (settings.persist) run();
  else runWithoutStoring();
} catch (error) {
  const body =
    error instanceof DaybookError ? error : new DaybookError('storage_error', describe(error), { cause: error });
  tell({ kind: 'failed', error: errorBody(body) });
  port.close();
}

function run(): void {
  const db = openWriter(settings.databasePath);
  const names = new NameTable(db, limits.namesPerKind);
  const store = new EventStore(db, names);

  const maintenance = new MaintenanceSchedule(db, store, {
    retentionDays: settings.retentionDays,
    cleanupIntervalMs: settings.cleanupIntervalMs,
    onDone: ({ removed, durationMs }) => log('info', 'cleanup done', { removed, durationMs: Math.round(durationMs) }),
    onError: (error) => log('error', 'cleanup failed', { error: describe(error) }),
  });

  const commits = new GroupCommit(store, names, {
    batchSize: settings.batchSize,
    batchTimeoutMs: settings.batchTimeoutMs,
    onOutcomes: (outcomes) => {
      tell({ kind: 'outcomes', outcomes, lastId: store.lastId });
      maintenance.noteCommit();
    },
    onStorageError: (error) => log('error', 'commit failed', { error: describe(error) }),
  });

  port.on('message', (message: ToWriter) => {
    if (message.kind === 'jobs') {
      for (const job of message.jobs) commits.add(job);
      return;
    }
    maintenance.stop();
    commits.commit();
    db.close();
    tell({ kind: 'closed' });
    port.close();
  });

  tell({
    kind: 'ready',
    databaseId: String(db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get()),
    lastId: store.lastId,
  });
  maintenance.start();
}

function runWithoutStoring(): void {
  const passThrough = new PassThrough({
    names: new NameTable(openWriter(':memory:'), limits.namesPerKind),
    onOutcomes: (outcomes) => tell({ kind: 'outcomes', outcomes, lastId: 0 }),
    onEvents: (events) => tell({ kind: 'unpersisted', events }),
  });
  port.on('message', (message: ToWriter) => {
    if (message.kind === 'jobs') {
      for (const job of message.jobs) passThrough.add(job);
      return;
    }
    tell({ kind: 'closed' });
    port.close();
  });
  tell({ kind: 'ready', databaseId: 'unpersisted', lastId: 0 });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? `${String(error.code)}: ${error.message}` : error.message;
}
