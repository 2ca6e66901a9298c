/** Entry of the indexer thread: reads the database, and writes the index, a file of its own. */
import { parentPort, workerData } from 'node:worker_threads';
import { letOthersGoFirst } from '../query/thread-priority.ts';
import { openReader } from '../storage/open-database.ts';
import { storageFailure } from '../storage/storage-failure.ts';
import { openIndex, removeSearchIndex } from './index-file.ts';
import type { FromIndexer, IndexerSettings, ToIndexer } from './indexer-messages.ts';
import { Indexing } from './indexing.ts';

if (parentPort === null) throw new Error('indexer-thread runs as a worker');
const port = parentPort;
const { databasePath, indexPath, databaseId, lastId } = workerData as IndexerSettings;
const tell = (message: FromIndexer) => port.postMessage(message);

letOthersGoFirst();
const events = openReader(databasePath);
// Each row is read once; mapped pages would only count as memory of the daemon.
events.pragma('mmap_size = 0');
const hashes = events.prepare<[number], Buffer>('SELECT hash FROM event WHERE id = ?').pluck();
let index = open();
let indexing = new Indexing(index, events);
let isGoing = false;
tell({ kind: 'ready' });

port.on('message', (message: ToIndexer) => {
  switch (message.kind) {
    case 'go':
      if (!isGoing) go();
      break;
    case 'rebuild':
      rebuild('a reader met damaged bytes in it');
      break;
    case 'close':
      isGoing = false;
      index.close();
      events.close();
      port.close();
      break;
    default:
      message satisfies never;
  }
});

function open() {
  const { db, isNew } = openIndex(indexPath, { databaseId, lastId, hashOf: (id) => hashes.get(id) });
  if (isNew) tell({ kind: 'log', level: 'info', message: 'a new search index is begun' });
  return db;
}

/** One slice a turn of the event loop, so that messages are taken in between. */
function go(): void {
  isGoing = true;
  setImmediate(() => {
    if (!isGoing) return;
    try {
      if (indexing.slice()) {
        go();
        return;
      }
    } catch (error) {
      if (storageFailure(error) !== 'damaged') throw error;
      // Whether it is the index or the database that is damaged: a new index costs time only.
      isGoing = false;
      rebuild(String(error));
      return;
    }
    isGoing = false;
    tell({ kind: 'done' });
  });
}

function rebuild(reason: string): void {
  tell({ kind: 'log', level: 'warn', message: 'the search index is made anew', reason });
  index.close();
  removeSearchIndex(indexPath);
  index = open();
  indexing = new Indexing(index, events);
  if (!isGoing) go();
}
