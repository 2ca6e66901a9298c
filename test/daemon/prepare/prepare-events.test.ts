import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NameTable } from '../../../daemon/storage/name-table.ts';
import { hashOf, payloadOf } from '../../../daemon/storage/event-row.ts';
import type { NamedEvents } from '../../../daemon/writer/name-events.ts';
import { Entries, pack, Raw } from '../../harness/msgpack.ts';
import { preparedRows } from '../../harness/prepared.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';

const event = { type: 'a', source: 'b', timestamp: 1, data: { n: 1 } };

function prepare(database: TemporaryDatabase, events: unknown[], names = database.names): NamedEvents {
  return preparedRows(pack({ events }), names, 1000);
}

function hashes(events: unknown[]): string[] {
  using database = new TemporaryDatabase();
  const { rows, rejected } = prepare(database, events);
  assert.deepEqual(rejected, []);
  return rows.map((row) => hashOf(row).toString('hex'));
}

const same = (events: unknown[]) => assert.equal(new Set(hashes(events)).size, 1);
const different = (events: unknown[]) => assert.equal(new Set(hashes(events)).size, events.length);

describe('prepareEvents', () => {
  test('names the index and the code of each refused event, and keeps the others in order', () => {
    using database = new TemporaryDatabase();
    const { rows, rejected } = prepare(database, [
      { ...event, type: '' },
      event,
      { ...event, timestamp: -1 },
      { ...event, timestamp: 2 },
      7,
    ]);
    assert.deepEqual(
      rejected.map(({ index, code }) => [index, code]),
      [
        [0, 'invalid_type'],
        [2, 'invalid_timestamp'],
        [4, 'invalid_event'],
      ],
    );
    assert.deepEqual(
      rows.map(({ timestamp }) => timestamp),
      [1, 2],
    );
  });

  const twice: [string, unknown][] = [
    [
      'in data',
      {
        ...event,
        data: new Entries([
          ['k', 1],
          ['k', 1],
        ]),
      },
    ],
    [
      'in a map inside data',
      {
        ...event,
        data: {
          map: new Entries([
            ['k', 1],
            ['k', 2],
          ]),
        },
      },
    ],
    [
      'in a map inside a list',
      {
        ...event,
        data: {
          list: [
            1,
            new Entries([
              ['k', 1],
              ['k', 2],
            ]),
          ],
        },
      },
    ],
    [
      'named __proto__',
      {
        ...event,
        data: new Entries([
          ['__proto__', 1],
          ['__proto__', 2],
        ]),
      },
    ],
    ['a field', new Entries([...Object.entries(event), ['type', 'z']])],
    ['the field data', new Entries([...Object.entries(event), ['data', { other: 1 }]])],
    ['hidden by a field that is nil', new Entries([...Object.entries(event), ['data', null]])],
    [
      'in a map that another key replaces',
      {
        ...event,
        data: new Entries([
          ['k', { x: 1, y: 2 }],
          ['k', {}],
        ]),
      },
    ],
  ];
  for (const [what, sent] of twice) {
    test(`refuses a map with the same key twice: ${what}`, () => {
      using database = new TemporaryDatabase();
      const { rows, rejected } = prepare(database, [event, sent, { ...event, timestamp: 2 }]);
      assert.deepEqual(
        rejected.map(({ index, code }) => [index, code]),
        [[1, 'invalid_data']],
      );
      assert.match(rejected[0]?.message ?? '', /same key twice/);
      assert.equal(rows.length, 2);
    });
  }

  test('keeps the payload as it was sent, key order and all', () => {
    using database = new TemporaryDatabase();
    const { rows } = prepare(database, [
      {
        ...event,
        data: new Entries([
          ['b', { d: 1, c: 2 }],
          ['a', [null, 'é']],
        ]),
      },
    ]);
    assert.equal(rows[0] && payloadOf(rows[0]), '{"b":{"d":1,"c":2},"a":[null,"é"]}');
  });

  test('has no room for another name, whichever kind it is, and goes on with those it knows', () => {
    for (const [field, code] of [
      ['type', 'too_many_names'],
      ['source', 'too_many_names'],
      ['action', 'too_many_names'],
    ] as const) {
      using database = new TemporaryDatabase();
      const names = new NameTable(database.db, 2);
      const named = (name: string, timestamp: number) => ({ ...event, action: 'x', [field]: name, timestamp });
      const { rows, rejected } = prepare(
        database,
        [named('one', 1), named('two', 2), named('three', 3), named('one', 4)],
        names,
      );
      assert.deepEqual(
        rejected.map((each) => [each.index, each.code]),
        [[2, code]],
      );
      assert.match(rejected[0]?.message ?? '', new RegExp(`\\(${field}\\)`));
      assert.equal(rows.length, 3);
    }
  });
});

describe('the identity of an event', () => {
  test('is the same whatever the order of keys', () => {
    const entries: [string, unknown][] = [
      ['x', 1],
      [
        'y',
        new Entries([
          ['p', 1],
          ['q', 2],
        ]),
      ],
    ];
    const other: [string, unknown][] = [
      [
        'y',
        new Entries([
          ['q', 2],
          ['p', 1],
        ]),
      ],
      ['x', 1],
    ];
    same([
      { ...event, data: new Entries(entries) },
      { ...event, data: new Entries(other) },
      Object.fromEntries(Object.entries({ ...event, data: new Entries(other) }).toReversed()),
    ]);
  });

  test('is the same for the same number, however it is encoded', () => {
    // 1 as positive fixint, uint 8, int 64, float 32 and float 64.
    const ones = ['01', 'cc01', 'd30000000000000001', 'ca3f800000', 'cb3ff0000000000000'];
    same(ones.map((one) => ({ ...event, data: { n: new Raw(one) } })));
    same(ones.map((one) => ({ ...event, timestamp: new Raw(one) })));
  });

  test('does not tell -0 from 0, which JSON cannot', () => {
    same([
      { ...event, data: { n: 0 } },
      { ...event, data: { n: new Raw('cb8000000000000000') } },
    ]);
    same([
      { ...event, timestamp: 0 },
      { ...event, timestamp: new Raw('cb8000000000000000') },
    ]);
  });

  test('is the same without an action and with nil, without data and with an empty map', () => {
    same([event, { ...event, action: null }]);
    same([
      { ...event, data: {} },
      { ...event, data: null },
      { type: 'a', source: 'b', timestamp: 1 },
    ]);
  });

  test('is another for anything that looks alike but is not equal', () => {
    different([
      event,
      { ...event, timestamp: 1.000_000_1 },
      { ...event, action: '' },
      { ...event, type: 'b', source: 'a' },
      { ...event, data: { n: '1' } },
      { ...event, data: { n: [1] } },
      { ...event, data: { n: null } },
      { ...event, data: { n: true } },
      { ...event, data: { n: '\u00e9' } },
      { ...event, data: { n: 'e\u0301' } },
      { ...event, data: { n: 'a\u0000' } },
      { ...event, data: { n: 'a' } },
      { ...event, data: { n: [1, 2] } },
      { ...event, data: { n: [2, 1] } },
    ]);
  });
});
