import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { EventPages } from '../../../daemon/query/event-pages.ts';
import type { Task, Tasks } from '../../../daemon/maintenance/tasks.ts';
import { WaitingList } from '../../../daemon/maintenance/waiting-list.ts';
import type { StoredEvent } from '../../../shared/event.ts';
import { databaseInconsistencies } from '../../harness/database-inconsistencies.ts';
import { checkProperty } from '../../harness/property.ts';
import { anyEvent, anyFilter, anyOrder, listModel, walk } from '../../harness/query-model.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const IDS = 60;

const anyIds = fc.array(fc.integer({ min: 1, max: IDS }), { minLength: 1, maxLength: 20 });
const anyChange = fc.oneof(
  fc.record({ kind: fc.constant('record' as const), events: fc.array(anyEvent, { maxLength: 15 }) }),
  fc.record({ kind: fc.constant('mark' as const), ids: anyIds, processed: fc.boolean() }),
  fc.record({
    kind: fc.constant('delete' as const),
    ids: fc.array(fc.integer({ min: 1, max: IDS }), { maxLength: 3 }),
  }),
  fc.constant({ kind: 'catch up' as const }),
);

/** Does each task at once. */
const atOnce = {
  run: async <Result>(task: Task<Result>): Promise<Result> => {
    for (;;) {
      const { done, value } = task.next();
      if (done === true) return value;
    }
  },
} satisfies Pick<Tasks, 'run'>;

const failed = (error: unknown) => {
  throw error;
};

test('what is unprocessed is the same with and without the list of it, after any marks and deletions', async (t) => {
  const question = fc.record({ filter: anyFilter, order: anyOrder, limit: fc.integer({ min: 1, max: 12 }) });
  await checkProperty(
    t,
    fc.asyncProperty(
      fc.array(anyChange, { maxLength: 25, size: 'max' }),
      fc.array(question, { minLength: 1, maxLength: 4 }),
      async (changes, questions) => {
        using database = new TemporaryDatabase();
        const { db, store } = database;
        const list = new WaitingList(db, store, atOnce, failed, 1);
        const waiting = new Map<number, StoredEvent>();
        const events = new Map<number, StoredEvent>();
        for (const change of changes) {
          switch (change.kind) {
            case 'record': {
              const sent = change.events.map((event, n) => ({ ...event, data: { n: store.lastId + n } }));
              const first = store.lastId + 1;
              database.append(sent);
              for (const [n, { action, ...event }] of sent.entries()) {
                const stored = { ...event, ...(action !== null && { action }), id: first + n } as StoredEvent;
                events.set(stored.id, stored);
                waiting.set(stored.id, stored);
              }
              break;
            }
            case 'mark': {
              const { ids, processed } = change;
              store.begin('normal');
              store.processed.set(ids, processed);
              store.commit();
              for (const id of ids) {
                const event = events.get(id);
                if (processed) waiting.delete(id);
                else if (event !== undefined) waiting.set(id, event);
              }
              break;
            }
            case 'delete':
              for (const id of change.ids) {
                db.prepare('DELETE FROM event WHERE id = ?').run(id);
                waiting.delete(id);
                events.delete(id);
              }
              break;
            default:
              list.noteCommit();
              await turn();
          }
        }
        const problems = databaseInconsistencies(db).filter((problem) => problem.includes('waits'));
        assert.deepEqual(problems, []);
        const pages = new EventPages(db);
        for (const { filter, ...request } of questions) {
          const found = walk((each) => pages.page(each), { ...request, filter: { ...filter, processed: false } });
          assert.deepEqual(found, listModel([...waiting.values()], filter, request.order));
        }
      },
    ),
    30,
  );
});

test('the list is used when it is not far behind, and what is behind it is found too', async () => {
  using database = new TemporaryDatabase();
  const { db, store } = database;
  const event = (n: number) => ({ type: `t${n % 3}`, source: 'b', timestamp: n });
  const mark = (ids: number[]) => {
    store.begin('normal');
    store.processed.set(ids, true);
    store.commit();
  };
  const page = () =>
    new EventPages(db).page({ filter: { processed: false }, order: 'asc', limit: 2 }).events.map(({ id }) => id);
  const all = Array.from({ length: 10_001 }, (_, n) => event(n));
  database.append(all.slice(0, 5_000));
  database.append(all.slice(5_000));
  const list = new WaitingList(db, store, atOnce, failed);
  list.noteCommit();
  await turn();
  assert.equal(db.prepare('SELECT count(*) FROM waiting').pluck().get(), 0, 'nobody has marked anything');
  mark([1, 10_001]);
  assert.deepEqual(page(), [2, 3]);
  list.noteCommit();
  await turn();
  assert.equal(db.prepare('SELECT count(*) FROM waiting').pluck().get(), 9_999);
  assert.deepEqual(page(), [2, 3]);
  db.exec('BEGIN; DELETE FROM waiting WHERE id < 9000');
  assert.deepEqual(page(), [9_000, 9_001], 'nothing else is looked at');
  db.exec('ROLLBACK');
  mark(Array.from({ length: 10_000 }, (_, n) => n + 1));
  database.append([{ ...event(0), data: { late: true } }]);
  list.noteCommit();
  await turn();
  assert.deepEqual(page(), [10_002]);
});
