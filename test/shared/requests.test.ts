import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { DaybookError } from '../../shared/errors.ts';
import { limits } from '../../shared/limits.ts';
import { canary } from '../../shared/messages/canary.ts';
import { ackCursor, cursors, deleteCursor } from '../../shared/messages/cursors.ts';
import { declareSource } from '../../shared/messages/declare-source.ts';
import { flush } from '../../shared/messages/flush.ts';
import { forget, forgetTraces } from '../../shared/messages/forget.ts';
import { gaps } from '../../shared/messages/gaps.ts';
import { markProcessed } from '../../shared/messages/mark-processed.ts';
import { parseOrigin } from '../../shared/messages/origin.ts';
import { patterns } from '../../shared/messages/patterns.ts';
import { query } from '../../shared/messages/query.ts';
import { record } from '../../shared/messages/record.ts';
import { reportGaps } from '../../shared/messages/report-gaps.ts';
import { retentionPlan, retentionRun } from '../../shared/messages/retention.ts';
import { samples, storeSample } from '../../shared/messages/samples.ts';
import { sources } from '../../shared/messages/sources.ts';
import { stats } from '../../shared/messages/stats.ts';
import { status } from '../../shared/messages/status.ts';
import { storePattern } from '../../shared/messages/store-pattern.ts';
import { tail, tailStop } from '../../shared/messages/tail.ts';
import { vacuum } from '../../shared/messages/vacuum.ts';
import { verify } from '../../shared/messages/verify.ts';

const MAX = Number.MAX_SAFE_INTEGER;
const position = { databaseId: 'd', id: 3 };
const pattern = { patternType: 'sequence', confidence: 0.5, patternData: '{"steps":[]}' };
const origin = { producer: 'p', epoch: 'e', first: 1 };
const gap = { producer: 'p', epoch: 'e', from: 3, to: 4, since: 1.5, until: 2, reason: 'r' };
/** The longest text that names something: of characters of three bytes, and one of one. */
const longest = `${'€'.repeat(85)}a`;
const labels = [undefined, null, '', 5, [], `${longest}a`, 'x'.repeat(limits.nameBytes + 1), '\ud800'];
/** None of them is a timestamp of an event. */
const moments = [undefined, null, '1', -0.5, Number.NaN, Number.POSITIVE_INFINITY, limits.timestampMaxSeconds];
const without = (body: object, name: string) =>
  Object.fromEntries(Object.entries(body).filter(([key]) => key !== name));

interface Kind {
  kind: string;
  parse: (body: unknown) => unknown;
  /** Bodies, and what they mean. */
  good: [body: unknown, meaning: unknown][];
  /** The field that is wrong, and bodies in which it is. */
  bad: [field: string, bodies: object[]][];
}

const kinds: Kind[] = [
  ...[canary, flush, retentionRun, sources, stats, status].map((message) => ({
    kind: message.kind,
    parse: (body: unknown) => message.parseRequest(body),
    good: [[{}, {}]] as Kind['good'],
    bad: [],
  })),
  {
    kind: declareSource.kind,
    parse: (body) => declareSource.parseRequest(body),
    good: [
      [
        { source: longest, cadence_seconds: 0.1 },
        { source: longest, cadence_seconds: 0.1 },
      ],
      [
        { source: 's', cadence_seconds: null },
        { source: 's', cadence_seconds: null },
      ],
    ],
    bad: [
      ['source', labels.map((source) => ({ source, cadence_seconds: 60 }))],
      [
        'cadence_seconds',
        [undefined, '60', 0, 0.09, -1, Number.NaN, Number.POSITIVE_INFINITY, 31_622_401].map((cadence_seconds) => ({
          source: 's',
          cadence_seconds,
        })),
      ],
    ],
  },
  {
    kind: query.kind,
    parse: (body) => query.parseRequest(body),
    good: [
      [{}, { filter: {}, order: 'desc', limit: 100 }],
      [
        { filter: null, order: null, limit: null, cursor: null, maxId: null },
        { filter: {}, order: 'desc', limit: 100 },
      ],
      [
        { filter: { types: 'a', since: 1 }, order: 'asc', limit: 1, cursor: '', maxId: 0 },
        { filter: { types: ['a'], since: 1 }, order: 'asc', limit: 1, cursor: '', maxId: 0 },
      ],
      [
        { limit: limits.pageRows, maxId: MAX },
        { filter: {}, order: 'desc', limit: limits.pageRows, maxId: MAX },
      ],
    ],
    bad: [
      ['filter', [{ filter: 5 }, { filter: 'app' }, { filter: [] }]],
      ['types', [{ filter: { types: [] } }]],
      ['order', [{ order: 'up' }, { order: 'ASC' }, { order: 1 }, { order: ['asc'] }]],
      ['limit', [0, -1, limits.pageRows + 1, 1.5, '5', Number.NaN, 5n, true].map((limit) => ({ limit }))],
      ['cursor', [{ cursor: 5 }, { cursor: [] }, { cursor: {} }]],
      ['maxId', [-1, 1.5, MAX + 1, '5', 5n].map((maxId) => ({ maxId }))],
    ],
  },
  {
    kind: retentionPlan.kind,
    parse: (body) => retentionPlan.parseRequest(body),
    good: [
      [{}, {}],
      [{ retention_days: null, retention_size_mb: null, retention_rules: null }, {}],
      [
        {
          retention_days: 0.01,
          retention_size_mb: 16,
          retention_rules: [{ type: longest, source: 'é', days: 36_500 }],
        },
        {
          retention_days: 0.01,
          retention_size_mb: 16,
          retention_rules: [{ type: longest, source: 'é', days: 36_500 }],
        },
      ],
      [{ retention_rules: [] }, { retention_rules: [] }],
    ],
    bad: [
      ['retention_days', [0, -1, 36_501, '7', Number.NaN, 7n].map((days) => ({ retention_days: days }))],
      ['retention_size_mb', [-1, 1, 15, 16.5, '16', 2 ** 31].map((mb) => ({ retention_size_mb: mb }))],
      ['retention_rules', [5, {}, 'x', [5], [{ days: 7 }], [{ type: 't' }]].map((list) => ({ retention_rules: list }))],
      ['days', [0, '7', null].map((days) => ({ retention_rules: [{ type: 't', days }] }))],
      ['type', ['', 5, `${longest}a`].map((type) => ({ retention_rules: [{ type, days: 7 }] }))],
      ['source', [{ retention_rules: [{ type: 't', source: '', days: 7 }] }]],
      ['later', [{ retention_rules: [{ type: 't', days: 7, later: 1 }] }]],
      [
        'same',
        [
          {
            retention_rules: [
              { type: 't', days: 7 },
              { days: 8, type: 't' },
            ],
          },
        ],
      ],
    ],
  },
  {
    kind: vacuum.kind,
    parse: (body) => vacuum.parseRequest(body),
    good: [
      [{}, { full: false }],
      [{ full: null }, { full: false }],
      [{ full: true }, { full: true }],
    ],
    bad: [['full', [{ full: 1 }, { full: 'true' }]]],
  },
  {
    kind: verify.kind,
    parse: (body) => verify.parseRequest(body),
    good: [
      [{}, { afterId: 0 }],
      [{ afterId: null }, { afterId: 0 }],
      [{ afterId: MAX }, { afterId: MAX }],
    ],
    bad: [['afterId', [-1, 1.5, '1', MAX + 1].map((afterId) => ({ afterId }))]],
  },
  {
    kind: tail.kind,
    parse: (body) => tail.parseRequest(body),
    good: [
      [{}, { filter: {} }],
      [{ filter: null, after: null }, { filter: {} }],
      [
        { filter: { actions: 'x' }, after: position },
        { filter: { actions: ['x'] }, after: position },
      ],
      [{ after: { databaseId: '', id: 0 } }, { filter: {}, after: { databaseId: '', id: 0 } }],
      [
        { cursorName: 'é', progress: true },
        { filter: {}, cursorName: 'é', progress: true },
      ],
      [{ cursorName: null, progress: null }, { filter: {} }],
    ],
    bad: [
      ['filter', [{ filter: 5 }]],
      ['after', [{ after: 5 }, { after: 'x' }, { after: [] }]],
      ['databaseId', [{ after: { id: 1 } }, { after: { databaseId: 5, id: 1 } }]],
      ['id', [-1, 1.5, '1', MAX + 1, null].map((id) => ({ after: { databaseId: 'd', id } }))],
      ['later', [{ after: { ...position, later: 1 } }]],
      ['cursorName', labels.map((cursorName) => ({ cursorName: cursorName ?? 5 }))],
      ['progress', [{ progress: 1 }]],
    ],
  },
  {
    kind: ackCursor.kind,
    parse: (body) => ackCursor.parseRequest(body),
    good: [
      [
        { name: 'a', position },
        { name: 'a', position, wait: true },
      ],
      [
        { name: 'é', position, wait: false },
        { name: 'é', position, wait: false },
      ],
    ],
    bad: [
      ['name', labels.map((name) => ({ name, position }))],
      ['position', [{ name: 'a' }, { name: 'a', position: 5 }]],
      ['id', [{ name: 'a', position: { databaseId: 'd', id: -1 } }]],
      ['wait', [{ name: 'a', position, wait: 1 }]],
    ],
  },
  { kind: cursors.kind, parse: (body) => cursors.parseRequest(body), good: [[{}, {}]], bad: [] },
  {
    kind: deleteCursor.kind,
    parse: (body) => deleteCursor.parseRequest(body),
    good: [[{ name: 'a' }, { name: 'a' }]],
    bad: [['name', labels.map((name) => ({ name }))]],
  },
  {
    kind: forget.kind,
    parse: (body) => forget.parseRequest(body),
    good: [
      [{ databaseId: 'd' }, { databaseId: 'd', ids: [], patternIds: [] }],
      [
        { databaseId: 'd', ids: [1, MAX], patternIds: null },
        { databaseId: 'd', ids: [1, MAX], patternIds: [] },
      ],
    ],
    bad: [
      ['databaseId', [{}, { databaseId: 1, ids: [1] }]],
      ['ids', [[0], [1.5], '1', 1, Array.from({ length: 5_001 }, () => 1)].map((ids) => ({ databaseId: 'd', ids }))],
      ['patternIds', [{ databaseId: 'd', patternIds: [-1] }]],
      ['all', [{ databaseId: 'd', all: true }]],
    ],
  },
  {
    kind: forgetTraces.kind,
    parse: (body) => forgetTraces.parseRequest(body),
    good: [
      [{ databaseId: 'd' }, { databaseId: 'd', thorough: false }],
      [
        { databaseId: 'd', thorough: true },
        { databaseId: 'd', thorough: true },
      ],
    ],
    bad: [
      ['databaseId', [{}]],
      ['thorough', [{ databaseId: 'd', thorough: 1 }]],
    ],
  },
  {
    kind: tailStop.kind,
    parse: (body) => tailStop.parseRequest(body),
    good: [
      [{ tail: 0 }, { tail: 0 }],
      [{ tail: 0xffff_ffff }, { tail: 0xffff_ffff }],
      [
        { tail: 1, keepCursor: true },
        { tail: 1, keepCursor: true },
      ],
    ],
    bad: [['tail', [{}, { tail: null }, { tail: -1 }, { tail: 2 ** 32 }, { tail: '1' }, { tail: 1.5 }]]],
  },
  {
    kind: markProcessed.kind,
    parse: (body) => markProcessed.parseRequest(body),
    good: [
      [{ ids: [1, MAX] }, { ids: [1, MAX], processed: true }],
      [
        { ids: [3], upTo: null, processed: false },
        { ids: [3], processed: false },
      ],
      [{ upTo: position }, { upTo: position, filter: {}, afterId: 0, processed: true }],
      [
        { upTo: position, filter: { types: 'x' }, afterId: 2 },
        { upTo: position, filter: { types: ['x'] }, afterId: 2, processed: true },
      ],
    ],
    bad: [
      [
        'ids',
        [[], 5, [0], [1.5], ['1'], Array.from({ length: limits.idsPerMark + 1 }, () => 1)].map((ids) => ({ ids })),
      ],
      ['ids or upTo', [{}, { ids: [1], upTo: position }]],
      [
        'filter',
        [
          { ids: [1], filter: {} },
          { upTo: position, filter: 5 },
        ],
      ],
      [
        'afterId',
        [
          { ids: [1], afterId: 0 },
          { upTo: position, afterId: -1 },
        ],
      ],
      ['upTo', [{ upTo: 5 }]],
      ['processed', [{ ids: [1], processed: 1 }]],
    ],
  },
  {
    kind: patterns.kind,
    parse: (body) => patterns.parseRequest(body),
    good: [
      [{}, { filter: {}, order: 'desc', limit: 100 }],
      [
        { filter: { types: 'x', minConfidence: 0.5, embryoId: 'e', eventId: 3 }, order: 'asc', limit: 1, cursor: 'c' },
        {
          filter: { types: ['x'], minConfidence: 0.5, embryoId: 'e', eventId: 3 },
          order: 'asc',
          limit: 1,
          cursor: 'c',
        },
      ],
    ],
    bad: [
      ['filter', [{ filter: 5 }]],
      ['later', [{ filter: { later: 1 } }]],
      ['minConfidence', [{ filter: { minConfidence: '1' } }]],
      ['eventId', [{ filter: { eventId: 0 } }]],
      ['order', [{ order: 'up' }]],
      ['limit', [{ limit: 0 }, { limit: limits.pageRows + 1 }]],
      ['cursor', [{ cursor: 5 }]],
    ],
  },
  {
    kind: samples.kind,
    parse: (body) => samples.parseRequest(body),
    good: [
      [{}, { order: 'desc', limit: 100 }],
      [
        { since: 1, until: 2.5, order: 'asc', limit: 7, cursor: 'c' },
        { since: 1, until: 2.5, order: 'asc', limit: 7, cursor: 'c' },
      ],
    ],
    bad: [
      ['since', [{ since: 'x' }]],
      ['limit', [{ limit: 0 }]],
    ],
  },
  {
    kind: storeSample.kind,
    parse: (body) => storeSample.parseRequest(body),
    good: [
      [{}, {}],
      [
        { active_embryos: 3, avg_fitness: 0.5, total_events: null },
        { active_embryos: 3, avg_fitness: 0.5 },
      ],
      [
        { timestamp: 1.5, storage_mb: 2, events_per_second: 0 },
        { timestamp: 1.5, storage_mb: 2, events_per_second: 0 },
      ],
    ],
    bad: [
      ['timestamp', [{ timestamp: -1 }, { timestamp: '1' }, { timestamp: limits.timestampMaxSeconds }]],
      ['avg_fitness', [{ avg_fitness: Number.NaN }, { avg_fitness: 'x' }]],
    ],
  },
  {
    kind: storePattern.kind,
    parse: (body) => storePattern.parseRequest(body),
    good: [
      [pattern, pattern],
      [{ ...pattern, eventId: null, embryoId: null }, pattern],
      [
        { ...pattern, confidence: 0, eventId: 1, embryoId: '', patternData: 'null' },
        { ...pattern, confidence: 0, eventId: 1, embryoId: '', patternData: 'null' },
      ],
      [
        { ...pattern, confidence: 1 },
        { ...pattern, confidence: 1 },
      ],
    ],
    bad: [
      [
        'patternType',
        [without(pattern, 'patternType'), { ...pattern, patternType: '' }, { ...pattern, patternType: 5 }],
      ],
      [
        'confidence',
        [
          without(pattern, 'confidence'),
          ...[-0.001, 1.001, Number.NaN, '1', null].map((confidence) => ({ ...pattern, confidence })),
        ],
      ],
      [
        'patternData',
        [
          without(pattern, 'patternData'),
          ...['', '{', 'undefined', "{'a':1}", {}, 5].map((patternData) => ({ ...pattern, patternData })),
        ],
      ],
      ['eventId', [0, -1, 1.5, '1', MAX + 1].map((eventId) => ({ ...pattern, eventId }))],
      [
        'embryoId',
        [
          { ...pattern, embryoId: 5 },
          { ...pattern, embryoId: [] },
        ],
      ],
    ],
  },
  {
    kind: reportGaps.kind,
    parse: (body) => reportGaps.parseRequest(body),
    good: [
      [{ gaps: [gap] }, { gaps: [gap] }],
      [{ gaps: [{ ...gap, source: null }] }, { gaps: [gap] }],
      [
        { gaps: [{ ...gap, source: 's', from: 1, to: limits.counterMax, producer: longest, epoch: longest }, gap] },
        { gaps: [{ ...gap, source: 's', from: 1, to: limits.counterMax, producer: longest, epoch: longest }, gap] },
      ],
      [{ gaps: [{ ...gap, from: 4 }] }, { gaps: [{ ...gap, from: 4 }] }],
      // A clock that went back between the first and the last of them.
      [{ gaps: [{ ...gap, since: 9, until: 0 }] }, { gaps: [{ ...gap, since: 0, until: 9 }] }],
      [
        { gaps: Array.from({ length: limits.gapsPerReport }, () => gap) },
        { gaps: Array.from({ length: limits.gapsPerReport }, () => gap) },
      ],
    ],
    bad: [
      [
        'gaps',
        [
          {},
          { gaps: null },
          { gaps: gap },
          { gaps: [] },
          { gaps: Array.from({ length: limits.gapsPerReport + 1 }, () => gap) },
        ],
      ],
      ['gap', [{ gaps: [null] }, { gaps: [gap, [gap]] }, { gaps: ['p'] }]],
      ['later', [{ gaps: [{ ...gap, later: 1 }] }]],
      ['producer', labels.map((producer) => ({ gaps: [{ ...gap, producer }] }))],
      ['epoch', labels.map((epoch) => ({ gaps: [{ ...gap, epoch }] }))],
      ['reason', labels.map((reason) => ({ gaps: [{ ...gap, reason }] }))],
      ['source', labels.slice(2).map((source) => ({ gaps: [{ ...gap, source }] }))],
      ['from', [undefined, 0, -1, 1.5, '3', limits.counterMax + 1].map((from) => ({ gaps: [{ ...gap, from }] }))],
      ['to', [undefined, 2, 3.5, '4', limits.counterMax + 1].map((to) => ({ gaps: [{ ...gap, to }] }))],
      ['since', moments.map((since) => ({ gaps: [{ ...gap, since }] }))],
      ['until', moments.map((until) => ({ gaps: [{ ...gap, until }] }))],
    ],
  },
  {
    kind: gaps.kind,
    parse: (body) => gaps.parseRequest(body),
    good: [
      [{}, { afterId: 0, limit: 100 }],
      [
        { since: null, source: null, afterId: null, limit: null },
        { afterId: 0, limit: 100 },
      ],
      [
        { since: 1.5, source: longest, afterId: MAX, limit: limits.pageRows },
        { since: 1.5, source: longest, afterId: MAX, limit: limits.pageRows },
      ],
    ],
    bad: [
      ['since', ['1', Number.NaN, Number.POSITIVE_INFINITY, []].map((since) => ({ since }))],
      ['source', labels.slice(2).map((source) => ({ source }))],
      ['afterId', [-1, 1.5, '1', MAX + 1].map((afterId) => ({ afterId }))],
      ['limit', [0, -1, 1.5, '1', limits.pageRows + 1].map((limit) => ({ limit }))],
    ],
  },
  {
    // It travels inside a record request.
    kind: 'origin',
    parse: parseOrigin,
    good: [
      [origin, origin],
      [
        { producer: longest, epoch: 'é', first: limits.counterMax },
        { producer: longest, epoch: 'é', first: limits.counterMax },
      ],
    ],
    bad: [
      ['producer', labels.map((producer) => ({ ...origin, producer }))],
      ['epoch', labels.map((epoch) => ({ ...origin, epoch }))],
      ['first', [undefined, null, 0, -1, 1.5, '1', 1n, limits.counterMax + 1].map((first) => ({ ...origin, first }))],
    ],
  },
];

for (const { kind, parse, good, bad } of kinds) {
  describe(`a ${kind} request`, () => {
    test('is read', () => {
      for (const [body, meaning] of good) assert.deepEqual(parse(body), meaning, JSON.stringify(body));
    });

    test('is refused when its body is no map', () => {
      for (const body of [null, undefined, 5, 'text', true, [], [{}], 5n]) {
        assert.throws(() => parse(body), { code: 'invalid_request', message: /map/ }, inspect(body));
      }
    });

    test('is refused for a field it does not know, by its name, even if that is nil', () => {
      for (const [body] of good) {
        for (const name of ['later', '__proto__', 'constructor', 'Limit', '']) {
          const more = Object.fromEntries([...Object.entries(body as object), [name, null]]);
          assert.throws(() => parse(more), { code: 'invalid_request', message: new RegExp(`unknown field "${name}"`) });
        }
      }
    });

    for (const [field, bodies] of bad) {
      test(`is refused for its ${field}, by its name`, () => {
        for (const body of bodies) {
          assert.throws(
            () => parse(body),
            (error) => {
              assert.ok(error instanceof DaybookError, String(error));
              assert.equal(error.code, 'invalid_request');
              assert.match(error.message, new RegExp(`\\b${field}\\b`));
              return true;
            },
            `${field} in ${Object.entries(body).map(String).join('; ')}`,
          );
        }
      });
    }
  });
}

test('a record request is not read here: its body stays bytes until the writer has it', () => {
  assert.throws(() => record.parseRequest({ events: [] }), { code: 'invalid_request' });
});

test('every kind has a name of its own that fits into a header', () => {
  const names = [...kinds.map(({ kind }) => kind), record.kind, 'hello', 'reply', 'error', 'events', 'reset'];
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name, /^[a-z-]{1,31}$/);
});
