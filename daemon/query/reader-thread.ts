/** Entry of the reader thread: a read-only connection that answers one bounded question at a time. */
import { parentPort, workerData } from 'node:worker_threads';
import { encode } from '../../shared/codec.ts';
import { DaybookError } from '../../shared/errors.ts';
import { errorBody } from '../../shared/messages/error-body.ts';
import { openReader } from '../storage/open-database.ts';
import { storageFailure } from '../storage/storage-failure.ts';
import { DatabaseFigures } from './database-stats.ts';
import { EventPages } from './event-pages.ts';
import { GapPages } from './gap-pages.ts';
import type { EncodedArrivals, FromReader, ReaderAnswers, ReaderQuestion, ToReader } from './reader-messages.ts';

if (parentPort === null) throw new Error('reader-thread runs as a worker');
const port = parentPort;
const db = openReader((workerData as { databasePath: string }).databasePath);
const pages = new EventPages(db);
const gapPages = new GapPages(db);
const figures = new DatabaseFigures(db);

port.on('message', (message: ToReader) => {
  if (message.kind === 'close') {
    db.close();
    port.close();
    return;
  }
  const { key } = message;
  try {
    const { answer, transfer } = answerTo(message.question);
    port.postMessage({ key, answer } satisfies FromReader, transfer);
  } catch (error) {
    const known =
      error instanceof DaybookError
        ? error
        : new DaybookError('storage_error', `the database could not be read (${String(error)})`, { cause: error });
    const isDamaged = storageFailure(error) === 'damaged';
    port.postMessage({ key, error: errorBody(known), isDamaged } satisfies FromReader);
  }
});

function answerTo(question: ReaderQuestion): { answer: ReaderAnswers[keyof ReaderAnswers]; transfer: ArrayBuffer[] } {
  switch (question.kind) {
    case 'page': {
      const page = ownBytes(encode(pages.page(question.request)));
      return { answer: page, transfer: [page.buffer] };
    }
    case 'arrivals': {
      const { events, ...rest } = pages.arrivals(question.afterId, question.filter, question.maxRows);
      const answer: EncodedArrivals = { ...rest, events: ownBytes(encode(events)), count: events.length };
      return { answer, transfer: [answer.events.buffer] };
    }
    case 'gaps':
      return { answer: gapPages.page(question.request), transfer: [] };
    case 'database-stats':
      return { answer: figures.read(question.nowSeconds), transfer: [] };
    default:
      return question satisfies never;
  }
}

/** A copy with a buffer of its own, which can be moved to the other thread. */
function ownBytes(bytes: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
