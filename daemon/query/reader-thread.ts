/** Entry of the reader thread: a read-only connection that answers bounded questions, long ones in turns. */
import { parentPort, workerData } from 'node:worker_threads';
import { encode } from '../../shared/codec.ts';
import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { type ErrorBody, errorBody } from '../../shared/messages/error-body.ts';
import { SourceList } from '../liveness/known-sources.ts';
import { searchIndexPath } from '../search/index-file.ts';
import { IndexReader } from '../search/index-reader.ts';
import { SearchPages } from '../search/search-pages.ts';
import { openReader } from '../storage/open-database.ts';
import { storageFailure } from '../storage/storage-failure.ts';
import { CursorList } from './cursor-list.ts';
import { DatabaseFigures } from './database-stats.ts';
import { Deadline } from './deadline.ts';
import { EventCounts } from './event-counts.ts';
import { EventPages } from './event-pages.ts';
import { GapPages } from './gap-pages.ts';
import { matchingIds } from './matching-ids.ts';
import { PatternPages } from './pattern-pages.ts';
import type { EncodedArrivals, FromReader, ReaderAnswers, ReaderQuestion, ToReader } from './reader-messages.ts';
import { RetentionPlanner } from '../retention/retention-plan.ts';
import { SamplePages } from './sample-pages.ts';
import { Slices } from './slices.ts';
import type { Steps } from './steps.ts';
import { letOthersGoFirst } from './thread-priority.ts';

if (parentPort === null) throw new Error('reader-thread runs as a worker');
const port = parentPort;
letOthersGoFirst();
const db = openReader((workerData as { databasePath: string }).databasePath);
const pages = new EventPages(db);
const counts = new EventCounts(db);
const gapPages = new GapPages(db);
const patternPages = new PatternPages(db);
const samplePages = new SamplePages(db);
const cursorList = new CursorList(db);
const sourceList = new SourceList(db);
const figures = new DatabaseFigures(db);
const index = new IndexReader(searchIndexPath(db.name));
const searches = new SearchPages(db, index);

const work = new Slices<Answered>();

port.on('message', (message: ToReader) => {
  if (message.kind === 'close') {
    work.end();
    index.close();
    db.close();
    port.close();
    return;
  }
  const { key, question } = message;
  const deadline = new Deadline(limits.queryDeadlineMs);
  work.add({
    steps: answerTo(question, deadline),
    deadline,
    settle: (outcome) => {
      if ('error' in outcome) port.postMessage({ key, ...refusal(outcome.error) } satisfies FromReader);
      else port.postMessage({ key, answer: outcome.result.answer } satisfies FromReader, outcome.result.transfer);
    },
  });
});

interface Answered {
  answer: ReaderAnswers[keyof ReaderAnswers];
  transfer: ArrayBuffer[];
}

function refusal(error: unknown): { error: ErrorBody; isDamaged: boolean } {
  const known =
    error instanceof DaybookError
      ? error
      : new DaybookError('storage_error', `the database could not be read (${String(error)})`, { cause: error });
  return { error: errorBody(known), isDamaged: storageFailure(error) === 'damaged' };
}

function* answerTo(question: ReaderQuestion, deadline: Deadline): Steps<Answered> {
  switch (question.kind) {
    case 'page': {
      const { request } = question;
      const reply = yield* request.json
        ? pages.jsonPageInSteps(request, deadline)
        : pages.pageInSteps(request, deadline);
      const page = ownBytes(encode(reply));
      return { answer: page, transfer: [page.buffer] };
    }
    case 'count': {
      const reply = ownBytes(encode(yield* counts.countInSteps(question.request, deadline)));
      return { answer: reply, transfer: [reply.buffer] };
    }
    case 'search': {
      const { request, useIndex } = question;
      const reply = yield* request.json
        ? searches.jsonPageInSteps(request, deadline, useIndex)
        : searches.pageInSteps(request, deadline, useIndex);
      const page = ownBytes(encode(reply));
      return { answer: { page, isIndexDamaged: index.tookDamage() }, transfer: [page.buffer] };
    }
    case 'arrivals': {
      const { events, ...rest } = pages.arrivals(question.afterId, question.filter, question.maxRows);
      const answer: EncodedArrivals = { ...rest, events: ownBytes(encode(events)), count: events.length };
      return { answer, transfer: [answer.events.buffer] };
    }
    case 'gaps':
      return { answer: gapPages.page(question.request), transfer: [] };
    case 'patterns':
      return { answer: patternPages.page(question.request), transfer: [] };
    case 'samples':
      return { answer: samplePages.page(question.request), transfer: [] };
    case 'matching-ids':
      return { answer: matchingIds(pages, question.afterId, question.upToId, question.filter), transfer: [] };
    case 'sources':
      return { answer: yield* sourceList.readInSteps(), transfer: [] };
    case 'retention-plan': {
      const { policy, clockSeconds } = question;
      const answer = yield* new RetentionPlanner(db).plan(policy, clockSeconds, () => deadline.isEnded);
      return { answer, transfer: [] };
    }
    case 'cursors':
      return { answer: cursorList.read(), transfer: [] };
    case 'database-stats': {
      const { nowSeconds } = question;
      return { answer: figures.read(nowSeconds, yield* lastHour(nowSeconds, deadline)), transfer: [] };
    }
    default:
      return question satisfies never;
  }
}

/** A copy with a buffer of its own, which can be moved to the other thread. */
function ownBytes(bytes: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** Events of the last hour, however many: counted a part at a time, and as far as it came when the thread has to end. */
function* lastHour(nowSeconds: number, deadline: Deadline): Steps<number> {
  const filter = { since: nowSeconds - 3_600, until: nowSeconds };
  let events = 0;
  let cursor: string | null | undefined;
  do {
    const reply = yield* counts.countInSteps({ filter, by: [], ...(cursor && { cursor }) }, deadline);
    for (const [count] of reply.groups) events += Number(count);
    cursor = reply.cursor;
  } while (cursor !== null && !deadline.isEnded);
  return events;
}
