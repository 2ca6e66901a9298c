/** Entry of the indexing process: reads the database, and writes the index, a file of its own. Ends with its daemon. */
import { setPriority } from 'node:os';
import { openReader } from '../storage/open-database.ts';
import { storageFailure } from '../storage/storage-failure.ts';
import { openIndex, removeSearchIndex } from './index-file.ts';
import type { FromIndexer, IndexerSettings, ToIndexer } from './indexer-messages.ts';
import { Indexing } from './indexing.ts';

/** Slices before it is decided anew whether this is the time. */
const BURST_SLICES = 2;
/** Whoever records or asks goes first. */
const NICENESS = 5;

const { daemonPid, databasePath, indexPath, databaseId, lastId } = JSON.parse(process.argv[2] ?? '') as IndexerSettings;

process.umask(0o077);
// What a payload is unpacked into is then memory of its own, and given back at once. A pool keeps it until V8 collects.
Buffer.poolSize = 8192;
setPriority(NICENESS);
// Where a whole group gets them they are meant for the daemon, which says when this is to end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());
process.on('uncaughtException', (error) => tell({ kind: 'failed', reason: String(error) }, () => process.exit(1)));

const events = openReader(databasePath);
// Each row is read once, and in order: kept pages would only count as memory of the daemon.
events.pragma('mmap_size = 0');
events.pragma('cache_size = -256');
const hashes = events.prepare<[number], Buffer>('SELECT hash FROM event WHERE id = ?').pluck();
let index = open();
let indexing = new Indexing(index, events);
let isGoing = false;
tell({ kind: 'ready' });

process.on('message', (message: ToIndexer) => {
  switch (message.kind) {
    case 'go':
      if (!isGoing) go(BURST_SLICES);
      break;
    case 'rebuild':
      rebuild('a reader met damaged bytes in it');
      break;
    case 'forget':
      forget(message.parts);
      break;
    case 'close':
      isGoing = false;
      index.close();
      events.close();
      process.disconnect();
      break;
    default:
      message satisfies never;
  }
});

function tell(message: FromIndexer, then?: () => void): void {
  process.send?.(message, () => then?.());
}

function open() {
  const { db, isNew } = openIndex(indexPath, { databaseId, lastId, hashOf: (id) => hashes.get(id) });
  if (isNew) tell({ kind: 'log', level: 'info', message: 'a new search index is begun' });
  return db;
}

/** One slice a turn of the event loop, so that messages are taken in between. */
function go(slices: number): void {
  isGoing = true;
  setImmediate(() => {
    if (!isGoing) return;
    try {
      if (indexing.slice() && slices > 1) {
        go(slices - 1);
        return;
      }
      isGoing = false;
      tell({ kind: 'done', ...indexing.backlog() });
    } catch (error) {
      if (storageFailure(error) !== 'damaged') throw error;
      // Whether it is the index or the database that is damaged: a new index costs time only.
      isGoing = false;
      rebuild(String(error));
    }
  });
}

function forget(parts: readonly number[] | 'all'): void {
  let isClear = true;
  try {
    if (parts === 'all') beginAnew();
    else isClear = indexing.forget(parts);
  } catch {
    // What is in the way of clearing one is not in the way of a new one.
    beginAnew();
  }
  tell({ kind: 'forgotten', isClear });
  if (!isGoing) go(BURST_SLICES);
}

function rebuild(reason: string): void {
  tell({ kind: 'log', level: 'warn', message: 'the search index is made anew', reason });
  beginAnew();
  if (!isGoing) go(BURST_SLICES);
}

function beginAnew(): void {
  // What is there by now may be that of the next daemon.
  if (process.ppid !== daemonPid) process.exit();
  index.close();
  removeSearchIndex(indexPath);
  index = open();
  indexing = new Indexing(index, events);
}
