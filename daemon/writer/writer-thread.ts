/** Entry of the writer thread: the only read-write connection of the daemon lives here. Messages: writer-messages.ts. */
import { once } from 'node:events';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { errorBody } from '../../shared/messages/error-body.ts';
import { Checkpoints } from '../maintenance/checkpoints.ts';
import { RemainsOfDatabase } from '../forgetting/clear-remains.ts';
import { collectGarbage, QuietMemory } from '../maintenance/quiet-memory.ts';
import { Samples } from '../maintenance/samples.ts';
import { housekeepingRefusal, type HousekeepingRequest, housekeepingTask } from '../maintenance/housekeeping.ts';
import { MaintenanceSchedule } from '../maintenance/schedule.ts';
import { Tasks } from '../maintenance/tasks.ts';
import { WaitingList } from '../maintenance/waiting-list.ts';
import { EventStore } from '../storage/event-store.ts';
import { openGuarded } from '../storage/guarded-database.ts';
import { NameTable } from '../storage/name-table.ts';
import { openWriter } from '../storage/open-database.ts';
import { storageFailure } from '../storage/storage-failure.ts';
import { GroupCommit } from './group-commit.ts';
import { PassThrough } from './pass-through.ts';
import { StorageWatch } from './storage-watch.ts';
import type { FromWriter, ToWriter, Upkeep, WriterSettings } from './writer-messages.ts';

if (parentPort === null) throw new Error('writer-thread runs as a worker');
const port = parentPort;
// A thread that was booted early is told later.
const settings = (workerData ?? (await once(port, 'message'))[0]) as WriterSettings;
const tell = (message: FromWriter) => port.postMessage(message);
const log = (level: 'info' | 'warn' | 'error', message: string, details: { [name: string]: unknown } = {}) =>
  tell({ kind: 'log', level, message, details });

try {
  if (settings.persist) run();
  else runWithoutStoring();
} catch (error) {
  const body =
    error instanceof DaybookError
      ? error
      : new DaybookError('storage_error', `${settings.databasePath}: ${describe(error)}`, { cause: error });
  tell({ kind: 'failed', error: errorBody(body) });
  port.close();
}

function run(): void {
  const { db, marker, files } = openGuarded(settings.databasePath, {
    init: settings.init,
    onNotice: (message, details) => log('warn', message, details),
    onStep: (doing, share) => tell({ kind: 'opening', doing, share: share ?? null }),
  });
  const names = new NameTable(db, limits.namesPerKind);
  const store = new EventStore(db, names);
  const watch = new StorageWatch({ marker, files, log, tell });

  const tellUpkeep = (upkeep: Partial<Upkeep>) => tell({ kind: 'upkeep', upkeep });
  const checkpoints = new Checkpoints(
    db,
    (error) => watch.failed('checkpoint', storageFailure(error), error),
    () => tellUpkeep({ last_checkpoint: Date.now() / 1000 }),
  );
  const tasks = new Tasks(() => checkpoints.noteSlice());
  const maintenance = new MaintenanceSchedule(db, store, tasks, {
    retentionDays: settings.retentionDays,
    retentionSizeBytes: settings.retentionSizeBytes,
    retentionRules: settings.retentionRules,
    cleanupIntervalMs: settings.cleanupIntervalMs,
    onDone: ({ events: removed, bySize, freedBytes, durationMs, sparseParts }) => {
      log('info', 'cleanup done', { removed, bySize, freedBytes, durationMs: Math.round(durationMs) });
      tell({ kind: 'cleaned', removed, sparseParts });
    },
    onError: (error) => watch.failed('cleanup', storageFailure(error), error),
    onUpkeep: tellUpkeep,
  });

  const quietMemory = new QuietMemory(() => {
    db.pragma('shrink_memory');
    collectGarbage();
  });
  const samples = new Samples(store, (error) => watch.failed('a sample', storageFailure(error), error));

  const waiting = new WaitingList(db, store, tasks, (error) =>
    watch.failed('the list of unprocessed events', storageFailure(error), error),
  );

  let committedBefore = store.lastId;
  const commits = new GroupCommit(store, names, {
    batchSize: settings.batchSize,
    batchTimeoutMs: settings.batchTimeoutMs,
    takeIn: () => {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        take(next.message as ToWriter);
      }
    },
    onCommitted: () => watch.committed(store.lastId),
    onOutcomes: (outcomes) => {
      tell({
        kind: 'outcomes',
        outcomes,
        lastId: store.lastId,
        gaps: store.gaps.size,
        sources: store.recordedSources,
      });
      samples.noteCommit();
      checkpoints.noteCommit();
      tasks.noteCommit();
      waiting.noteCommit();
      quietMemory.note(store.lastId - committedBefore);
      committedBefore = store.lastId;
    },
    onStorageFailure: (failure, error) => watch.failed('commit', failure, error),
  });

  const remains = new RemainsOfDatabase(db);
  const housekeep = async (key: number, request: HousekeepingRequest) => {
    try {
      tell({
        kind: 'housekept',
        key,
        reply: await tasks.run(housekeepingTask(request, { db, store, names, maintenance, remains })),
      });
    } catch (error) {
      const failure = storageFailure(error);
      tell({ kind: 'housekept', key, error: errorBody(housekeepingRefusal(request.kind, failure, error)) });
      if (!(error instanceof DaybookError)) watch.failed(request.kind, failure, error);
    }
  };

  const take = (message: ToWriter) => {
    switch (message.kind) {
      case 'jobs':
        for (const job of message.jobs) commits.add(job);
        break;
      case 'suspect':
        marker.suspect();
        break;
      case 'housekeeping':
        void housekeep(message.key, message.request);
        break;
      case 'settings':
        commits.adopt(message.settings);
        maintenance.adopt(message.settings);
        break;
      case 'close':
        maintenance.stop();
        tasks.stop();
        checkpoints.stop();
        quietMemory.stop();
        commits.commit();
        db.close();
        marker.close();
        tell({ kind: 'closed' });
        port.close();
        break;
      default:
        message satisfies never;
    }
  };
  port.on('message', take);

  tell({
    kind: 'ready',
    databaseId: String(db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get()),
    lastId: store.lastId,
    gaps: store.gaps.size,
  });
  maintenance.start();
  waiting.noteCommit();
}

function runWithoutStoring(): void {
  const passThrough = new PassThrough({
    names: new NameTable(openWriter(':memory:'), limits.namesPerKind),
    onOutcomes: (outcomes) => tell({ kind: 'outcomes', outcomes, lastId: 0, gaps: 0, sources: [] }),
    onEvents: (events) => tell({ kind: 'unpersisted', events }),
  });
  port.on('message', (message: ToWriter) => {
    if (message.kind === 'jobs') {
      for (const job of message.jobs) passThrough.add(job);
    } else if (message.kind === 'close') {
      tell({ kind: 'closed' });
      port.close();
    }
  });
  tell({ kind: 'ready', databaseId: 'unpersisted', lastId: 0, gaps: 0 });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? `${String(error.code)}: ${error.message}` : error.message;
}
