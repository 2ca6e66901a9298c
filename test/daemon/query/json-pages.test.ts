/** Pages whose events come as JSON text: the same events as in any other page. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Deadline } from '../../../daemon/query/deadline.ts';
import { EventPages } from '../../../daemon/query/event-pages.ts';
import { finish } from '../../../daemon/query/steps.ts';
import { IndexReader } from '../../../daemon/search/index-reader.ts';
import { SearchPages } from '../../../daemon/search/search-pages.ts';
import { limits, wireLimits } from '../../../shared/limits.ts';
import type { Condition } from '../../../shared/messages/condition.ts';
import type { QueryRequest } from '../../../shared/messages/query.ts';
import type { SearchRequest } from '../../../shared/messages/search.ts';
import { FakeDaemon } from '../../harness/fake-daemon.ts';
import { checkProperty } from '../../harness/property.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const later = () => new Deadline(60_000);
const anyText = fc.string({ unit: 'binary', maxLength: 20 });
const anyName = fc.constantFrom('file', 'a "name"', 'line\nbreak \\ \u2028', '\u0000\u001f', 'žluťoučký 🐎');
const anyEvent = fc.record({
  type: anyName,
  source: anyName,
  action: fc.option(anyName),
  timestamp: fc.double({ min: 0, max: 253_402_300_799, noNaN: true }),
  data: fc.oneof(
    fc.dictionary(anyText, fc.jsonValue({ stringUnit: 'binary', maxDepth: 3 })),
    // Kept compressed.
    fc.record({ text: fc.string({ unit: 'grapheme', minLength: 400, maxLength: 600 }).map((text) => text.repeat(4)) }),
  ),
});

describe('a page of JSON text', () => {
  test('has the events of the page without, for any events and filter', async (t) => {
    const events = fc.array(anyEvent, { minLength: 1, maxLength: 30 });
    const conditions: Condition[] = [{ path: ['type'], op: '~', value: 'e' }];
    const anyFilter = fc.record(
      { types: fc.array(anyName, { minLength: 1 }), where: fc.constant<Condition[]>(conditions) },
      { requiredKeys: [] },
    );
    await checkProperty(
      t,
      fc.property(events, anyFilter, (list, filter) => {
        using database = new TemporaryDatabase();
        database.append(list);
        const pages = new EventPages(database.db);
        const request: QueryRequest = { filter, order: 'asc', limit: 20 };
        const { eventsJson, ...rest } = finish(pages.jsonPageInSteps(request, later()));
        const { events: expected, ...others } = pages.page(request);
        assert.deepEqual(rest, others);
        assert.deepEqual(JSON.parse(eventsJson), expected);
      }),
      40,
    );
  });

  test('has what a search finds, the words in a row and any', () => {
    using database = new TemporaryDatabase();
    const texts = [
      'plan of "budget"\nmeeting',
      'budget meeting',
      'meeting budget',
      'nothing',
      'budget meeting '.repeat(200),
    ];
    database.append(texts.map((text, timestamp) => ({ type: 'note', source: 's', timestamp, data: { text } })));
    const pages = new SearchPages(database.db, new IndexReader(join(database.directory, 'none')));
    for (const words of ['budget meeting', '"budget meeting"', 'text:plan', '-nothing']) {
      const request: SearchRequest = { query: words, filter: {}, limit: 4 };
      const { eventsJson, ...rest } = finish(pages.jsonPageInSteps(request, later()));
      const { events: expected, ...others } = finish(pages.pageInSteps(request, later()));
      assert.deepEqual(rest, others);
      assert.deepEqual(JSON.parse(eventsJson), expected);
      assert.ok(expected.length >= 1, words);
    }
  });

  test('names what is damaged, and stays JSON', () => {
    using database = new TemporaryDatabase();
    const wrong = [
      '{"a":1',
      '{"a":"\u0000"}',
      '{"a":1}},{"id":9',
      '',
      '{"a":01}',
      '{a:1}',
      Buffer.from([31, 139, 8, 0]),
    ];
    const all = Array.from({ length: wrong.length + 1 }, (_, n) => ({
      type: 't',
      source: 's',
      timestamp: n,
      data: { n },
    }));
    database.append(all);
    wrong.forEach((data, n) => database.db.prepare('UPDATE event SET data = ? WHERE id = ?').run(data, n + 1));
    const pages = new EventPages(database.db);
    for (const filter of [{}, { types: ['t'] }, { where: [{ path: ['type'], op: '=' as const, value: 't' }] }]) {
      const { eventsJson, damaged } = finish(pages.jsonPageInSteps({ filter, order: 'asc', limit: 50 }, later()));
      assert.deepEqual(
        damaged,
        wrong.map((_, n) => n + 1),
      );
      assert.deepEqual(JSON.parse(eventsJson), [
        { id: wrong.length + 1, type: 't', source: 's', timestamp: wrong.length, data: { n: wrong.length } },
      ]);
    }
  });

  test('fits into a frame, whatever its names take as JSON', () => {
    using database = new TemporaryDatabase();
    const name = '\u0001'.repeat(limits.nameBytes);
    const data = { text: '\u4e00'.repeat(700) };
    database.append(
      Array.from({ length: limits.pageRows }, (_, n) => ({
        type: name,
        source: name,
        action: name,
        timestamp: n,
        data,
      })),
    );
    const { eventsJson, partial, cursor } = finish(
      new EventPages(database.db).jsonPageInSteps({ filter: {}, order: 'asc', limit: limits.pageRows }, later()),
    );
    assert.ok(partial && cursor !== null);
    assert.ok(Buffer.byteLength(eventsJson) < limits.frameBytes);
  });
});

describe('a client', () => {
  for (const capabilities of [[], ['json-pages']]) {
    test(`asks a daemon with the capabilities [${capabilities.join()}] for pages it can give`, async () => {
      const events = [{ id: 1, type: 't', source: 's', timestamp: 5, data: { ['__proto__']: 1 } }];
      await using daemon = await FakeDaemon.start({
        onHello: (connection, frame) =>
          connection.reply(frame, {
            protocol: 1,
            daemon: { version: '0.0.0', pid: 1 },
            databaseId: 'fake',
            capabilities,
            limits: wireLimits,
          }),
        onRequest: (connection, frame) => {
          const given = frame.body['json'] === true ? { eventsJson: JSON.stringify(events) } : { events };
          connection.reply(frame, { ...given, cursor: null, partial: false, damaged: [], newestId: 1 });
        },
      });
      // Asked before the connection is there.
      const { events: received } = await daemon.connect().page({ limit: 3 });
      assert.deepEqual(received, events);
      const sent = daemon.framesOf('query').map(({ body }) => body);
      assert.deepEqual(sent, [{ limit: 3, ...(capabilities.length > 0 && { json: true }) }]);
    });
  }
});
