/** Entry of the daemon process: builds the parts in order, and takes them down in reverse. */
import { DaybookError } from '../shared/errors.ts';
import { limits, wireLimits } from '../shared/limits.ts';
import { agreeOnVersion } from '../shared/messages/hello.ts';
import type { StorageState } from '../shared/messages/status.ts';
import { daemonCapabilities, daybookVersion } from '../shared/protocol-version.ts';
import { type Config, loadConfig, reloadConfig, settingsInForce } from './config.ts';
import { HistoryCare } from './backup/history-care.ts';
import { Ingest } from './ingest/ingest.ts';
import { Preparer } from './ingest/preparer.ts';
import { InstanceLock } from './lifecycle/instance-lock.ts';
import { type Log, openLog } from './lifecycle/log.ts';
import { ensureDatabaseDirectory, ensurePrivateDirectory, realDatabasePath } from './lifecycle/private-paths.ts';
import { permanentExitCode } from './lifecycle/permanent-exit.ts';
import { StartProgress } from './lifecycle/start-progress.ts';
import { ensureWritable } from './lifecycle/writable-paths.ts';
import { NamedCursors } from './live/named-cursors.ts';
import { Publisher } from './live/publisher.ts';
import { Forgetting } from './forgetting/forgetting.ts';
import { AwakeClock } from './liveness/awake-clock.ts';
import { Canary } from './liveness/canary.ts';
import { measurePerformance } from './liveness/performance.ts';
import { Sources } from './liveness/sources.ts';
import { keepIndexSmall } from './retention/keep-index-small.ts';
import { Housekeeper } from './maintenance/housekeeper.ts';
import { collectGarbage, QuietMemory } from './maintenance/quiet-memory.ts';
import { Reader } from './query/reader.ts';
import { Verifier } from './verify/verifier.ts';
import { searchIndexPath } from './search/index-file.ts';
import { Indexer } from './search/indexer.ts';
import { connectionBound, descriptorLimit } from './socket/connection-bound.ts';
import { Connections } from './socket/connections.ts';
import { inheritedSocket } from './socket/inherited-socket.ts';
import { inheritedPlace, ownPlace } from './socket/listening-place.ts';
import { Router } from './socket/router.ts';
import { turnAwayWaiting } from './socket/turn-away.ts';
import type { SocketFile } from './socket/socket-file.ts';
import { openWriterThread } from './writer/writer.ts';
import type { Upkeep } from './writer/writer-messages.ts';
import { dirname } from 'node:path';

process.umask(0o077);
process.stdout.on('error', () => undefined);
process.stderr.on('error', () => undefined);

try {
  const config = await loadConfig(process.env, process.argv.slice(2));
  const { paths } = config;
  ensurePrivateDirectory(paths.dataDirectory);
  ensurePrivateDirectory(paths.logDirectory);
  ensureDatabaseDirectory(dirname(paths.database));
  const databaseFiles = ['', '-wal', '-shm', '.marker', '.lock'].map((suffix) => paths.database + suffix);
  ensureWritable([paths.dataDirectory, paths.logDirectory, paths.log, dirname(paths.database), ...databaseFiles]);
  const log = openLog(paths.log, config.logLevel);
  await run(config, log);
} catch (error) {
  const [message = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const isUnloadable = code === 'ERR_DLOPEN_FAILED' || code === 'MODULE_NOT_FOUND';
  const known =
    code === 'ENOSPC'
      ? `the disk is full, make room: ${message}`
      : isUnloadable
        ? `an installed package cannot be loaded, install daybook again (in a checkout: npm ci): ${message}`
        : message;
  process.stderr.write(`daybook: ${known}\n`);
  const isPermanent = isUnloadable || (error instanceof DaybookError && !error.retryable);
  if (isPermanent) await turnAwayWaiting(process.env, process.pid);
  process.exit(isPermanent ? permanentExitCode(process.env['DAYBOOK_SUPERVISED']) : 1);
}

async function run(config: Config, log: Log): Promise<void> {
  const { paths } = config;
  const { logger } = log;
  const startedMs = performance.now();
  // The process then ends with an error, and the service manager starts it again.
  process.on('uncaughtExceptionMonitor', (error) => logger.fatal({ error: error.message }, 'a fault in the daemon'));

  // Where SQLite puts a copy of the database while it writes it anew: in memory, or on a disk of its own, it may not fit.
  process.env['SQLITE_TMPDIR'] = dirname(paths.database);

  // One process owns the socket, and one the database. Held until everything else is closed.
  const locks = [`${paths.dataDirectory}/daybook.lock`, `${realDatabasePath(paths.database)}.lock`].map((path) =>
    InstanceLock.acquire(path),
  );

  const startProgress = new StartProgress(paths.dataDirectory);

  // Before there are threads: the report it comes from would wait for each of them.
  const bound = connectionBound(descriptorLimit());
  const reader = new Reader(config.persist ? paths.database : undefined, () => {
    logger.error('the database holds bytes that cannot have been written; daybook verify names what is damaged');
    writer.suspect();
  });
  const onDamage = () => {
    logger.error('the database is damaged, says daybook verify; the next start looks through it');
    writer.suspect();
  };
  const onWrongIndex = () => {
    logger.warn('the search index does not agree with the events; it is made anew');
    indexer?.rebuild();
  };
  const verifier = new Verifier(config.persist ? paths.database : undefined, onDamage, onWrongIndex);
  const quietMemory = new QuietMemory(collectGarbage);
  let indexer: Indexer | undefined;
  let knownGaps = 0;
  let storageState: StorageState = 'ok';
  const upkeep: Upkeep = { last_checkpoint: null, last_cleanup: null, cleanup_running: false, next_cleanup: null };
  /** Settled when the storage fails, which it can do before there is anything to take down. */
  const fatal = Promise.withResolvers<DaybookError>();
  const [writer, { listenWithNodeIpc }] = await Promise.all([
    openWriterThread(
      {
        databasePath: paths.database,
        batchSize: config.batchSize,
        batchTimeoutMs: config.batchTimeoutMs,
        retentionDays: config.retentionDays,
        retentionSizeBytes: config.retentionSizeBytes,
        retentionRules: config.retentionRules,
        cleanupIntervalMs: config.cleanupIntervalMs,
        persist: config.persist,
        init: config.init,
      },
      {
        onOpening: (doing, share) => startProgress.note(doing, share),
        onOutcomes: (outcomes, lastId, gaps, sourceIds) => {
          knownGaps = gaps;
          sources.committed(sourceIds);
          ingest.settle(outcomes);
          quietMemory.note(lastId - publisher.lastId);
          publisher.publish(lastId);
          indexer?.note(lastId);
        },
        onUpkeep: (change) => Object.assign(upkeep, change),
        onStorage: (storage) => {
          storageState = storage;
        },
        onFatal: (error) => fatal.resolve(error),
        onCleaned: (removed, sparseParts) => {
          if (removed === 0 || indexer === undefined) return;
          keepIndexSmall(sparseParts, indexer, writer).catch((error: unknown) =>
            logger.warn({ error: String(error) }, 'the search index could not be made smaller'),
          );
        },
        onUnpersisted: (events) => publisher.publishUnpersisted(events),
        onLog: (level, message, details) => logger[level](details, message),
        onDied: (error) => {
          logger.fatal({ error: error.message }, 'the writer thread died');
          process.stderr.write(`daybook: the writer thread died: ${error.message}\n`);
          process.exit(1);
        },
      },
    ),
    // Takes as long to load as the database to open.
    import('./socket/listener.ts'),
  ]);
  knownGaps = writer.gapsAtStart;
  const publisher = new Publisher(reader, writer.databaseId, writer.lastIdAtStart);
  const preparer = new Preparer((jobs) => writer.post(jobs));
  const ingest = new Ingest((jobs) => preparer.add(jobs));
  const namedCursors = new NamedCursors({ ingest, publisher, reader, databaseId: writer.databaseId });
  const clock = new AwakeClock(limits.socketCheckMs);
  const sources = new Sources({ ingest, reader, clock, batchTimeoutMs: () => config.batchTimeoutMs });
  const care = config.persist
    ? new HistoryCare({
        databasePath: paths.database,
        databaseId: writer.databaseId,
        settings: () => config,
        log: (level, message, details) => logger[level](details, message),
        onDamage,
        onWrongIndex,
      })
    : undefined;
  const canary = new Canary({ ingest, reader, persists: config.persist });

  const forgetting = new Forgetting({ writer, databasePath: paths.database, indexer: () => indexer });

  let state: 'running' | 'stopping' = 'running';
  const router = new Router({
    ingest,
    reader,
    verifier,
    publisher,
    namedCursors,
    housekeeper: new Housekeeper(writer, reader),
    sources,
    canary,
    forgetting,
    databaseId: writer.databaseId,
    search: async (request) => {
      const useIndex = (await indexer?.isUsable()) ?? false;
      const { page, isIndexDamaged } = await reader.ask({ kind: 'search', request, useIndex });
      if (isIndexDamaged) indexer?.rebuild();
      return page;
    },
    greet: (request) => ({
      protocol: agreeOnVersion(request.protocol),
      daemon: { version: daybookVersion, pid: process.pid },
      databaseId: writer.databaseId,
      capabilities: [...daemonCapabilities],
      limits: { ...wireLimits, connections: bound.served },
    }),
    stats: async () => ({
      total_stored: ingest.totals.stored,
      total_duplicate: ingest.totals.duplicate,
      total_rejected: ingest.totals.rejected,
      queue_size: ingest.eventsUnderWay,
      batch_size: config.batchSize,
      retention_days: config.retentionDays,
      events_per_second: ingest.rate.perSecond(performance.now()),
      database_stats: await reader.ask({ kind: 'database-stats', nowSeconds: Date.now() / 1000 }),
    }),
    status: () => ({
      state,
      pid: process.pid,
      version: daybookVersion,
      node_version: process.versions.node,
      socket: paths.socket,
      database: paths.database,
      database_id: writer.databaseId,
      log: paths.log,
      config: paths.config,
      uptime_seconds: (performance.now() - startedMs) / 1000,
      persistence: config.persist,
      connections: connections.size,
      tails: publisher.tails,
      queue_bytes: ingest.bytesUnderWay,
      last_id: publisher.lastId,
      storage: storageState,
      gaps: knownGaps,
      settings: settingsInForce(config),
      setting_origins: config.effective.origins,
      memory_bytes: process.memoryUsage.rss(),
      ...care?.status(),
      performance: measurePerformance({ ingest, databasePath: config.persist ? paths.database : undefined, upkeep }),
    }),
  });
  let socketFile: SocketFile | undefined;
  /** Whom nobody can reach any more makes room: the service manager starts a daemon that can be reached. */
  const checkSocket = () => {
    if (state === 'stopping' || socketFile?.isThere(performance.now()) !== false) return;
    process.stderr.write(`daybook: the socket ${paths.socket} was deleted or replaced; stopping\n`);
    void stop('the socket was deleted or replaced', 1);
  };
  const inherited = inheritedSocket(process.env, process.pid, paths.socket);
  if (inherited !== undefined && 'problem' in inherited) {
    logger.warn(
      inherited,
      'the socket that was handed over is of no use; the daemon makes its own (cure: daybook install)',
    );
  }
  const place =
    inherited !== undefined && 'descriptor' in inherited
      ? inheritedPlace(paths.socket, inherited.descriptor)
      : ownPlace(paths.socket, listenWithNodeIpc);
  const connections = new Connections({
    listen: place.listen,
    path: place.path,
    bound,
    onFrame: (connection, frame) => {
      checkSocket();
      router.route(connection, frame);
    },
    onDrain: (connection) => publisher.drained(connection),
    onEnd: (connection, reason) => {
      ingest.forget(connection);
      publisher.forget(connection);
      namedCursors.forget(connection);
      logger.debug({ client: connection.clientName, clientPid: connection.clientPid, reason }, 'connection ended');
    },
  });

  /** Takes over what can be taken over; whoever asks for `config` sees the new values. */
  const reload = () => {
    try {
      const { config: next, changed, waiting } = reloadConfig(config, process.env, process.argv.slice(2));
      Object.assign(config, next);
      logger.level = config.logLevel;
      writer.adopt(config);
      logger.info({ changed, waiting }, 'settings read again; those that wait need a restart');
    } catch (error) {
      logger.error({ error: (error as Error).message }, 'the settings are refused and stay as they were');
    }
  };

  const stop = async (reason: string, exitCode = 0) => {
    // Asked twice means now: what is not acknowledged will be sent again.
    if (state === 'stopping') process.exit(exitCode);
    state = 'stopping';
    logger.info({ reason }, 'stopping');
    setTimeout(() => {
      logger.warn('stopping took too long; what is not acknowledged will be sent again by its client');
      process.exit(exitCode);
    }, limits.shutdownMs * 0.9).unref();

    connections.stopReading();
    socketFile?.remove();
    await Promise.all([reader.close(), verifier.close(), indexer?.close(), care?.close()]);
    // Commits and acknowledges everything that has arrived. The last connection to close folds the WAL in.
    ingest.postAll();
    preparer.finish();
    await writer.close();
    await connections.end();
    for (const lock of locks.toReversed()) lock.release();
    logger.info('stopped');
    log.close();
    process.exit(exitCode);
  };
  /** The storage has failed: whoever waits is told, and nothing is closed that could touch a file once more. */
  const die = async (error: DaybookError) => {
    logger.fatal({ code: error.code, error: error.message }, 'the storage has failed');
    process.stderr.write(`daybook: ${error.message}\n`);
    setTimeout(() => process.exit(1), limits.shutdownMs / 2);
    state = 'stopping';
    connections.stopReading();
    socketFile?.remove();
    await connections.end();
    process.exit(1);
  };
  void fatal.promise.then(die);
  process.on('SIGTERM', () => void stop('SIGTERM'));
  process.on('SIGINT', () => void stop('SIGINT'));
  process.on('SIGHUP', () => {
    log.reopen();
    reload();
  });

  place.prepare();
  await connections.listen();
  socketFile = place.publish();
  startProgress.end();
  // After the socket: nobody waits for it, and it takes a core while the daemon starts.
  if (config.persist && config.search) {
    indexer = new Indexer({
      databasePath: paths.database,
      indexPath: searchIndexPath(paths.database),
      databaseId: writer.databaseId,
      lastId: writer.lastIdAtStart,
      onLog: (level, message, reason) => logger[level]({ reason }, message),
    });
  }
  if (config.persist) {
    forgetting.resume().then(
      (isDone) => isDone && logger.info('traces of what was forgotten are cleared'),
      (error: unknown) => logger.warn({ error: String(error) }, 'traces of what was forgotten are not cleared yet'),
    );
  }
  setInterval(() => {
    clock.tick();
    if (state === 'running') care?.look(Date.now());
    checkSocket();
  }, limits.socketCheckMs).unref();
  logger.info({ version: daybookVersion, node: process.versions.node, lastId: writer.lastIdAtStart }, 'ready');
  process.stdout.write(
    `daybook ${daybookVersion} is ready: pid ${process.pid}, socket ${paths.socket}, database ${paths.database}\n`,
  );
}
