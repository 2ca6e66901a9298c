import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ackCursor, cursors, deleteCursor } from '../../shared/messages/cursors.ts';
import { flush } from '../../shared/messages/flush.ts';
import { forget, forgetTraces } from '../../shared/messages/forget.ts';
import { gaps } from '../../shared/messages/gaps.ts';
import { markProcessed } from '../../shared/messages/mark-processed.ts';
import { patterns } from '../../shared/messages/patterns.ts';
import { query } from '../../shared/messages/query.ts';
import { record } from '../../shared/messages/record.ts';
import { reportGaps } from '../../shared/messages/report-gaps.ts';
import { retentionPlan, retentionRun } from '../../shared/messages/retention.ts';
import { samples } from '../../shared/messages/samples.ts';
import { stats } from '../../shared/messages/stats.ts';
import { status } from '../../shared/messages/status.ts';
import { storePattern } from '../../shared/messages/store-pattern.ts';
import { parseTailEvents, parseTailReset, tail, tailStop } from '../../shared/messages/tail.ts';
import { vacuum } from '../../shared/messages/vacuum.ts';
import { verify } from '../../shared/messages/verify.ts';

const position = { databaseId: 'd', id: 3 };
const event = { id: 3, timestamp: 1.5, type: 't', source: 's', data: {} };
const receipt = {
  stored: 1,
  duplicate: 0,
  rejected: [{ index: 1, code: 'invalid_type', message: 'type is missing' }],
  firstId: 7,
  lastId: 7,
  level: 'flushed',
  persisted: true,
};
const page = { events: [event], cursor: 'c', partial: true, damaged: [2], newestId: 3 };
const gap = { id: 1, source: 's', producer: 'p', count: 2, since: 1.5, until: 2, reason: 'missing', noticed: 3 };
const storedPattern = {
  id: 1,
  eventId: 3,
  patternType: 't',
  confidence: 0.5,
  patternData: '{}',
  embryoId: 'e',
  created: 2,
};
const figures = {
  total_stored: 0,
  total_duplicate: 0,
  total_rejected: 0,
  queue_size: 0,
  batch_size: 100,
  retention_days: 30,
  events_per_second: 0.5,
  database_stats: { total_events: 0, by_type: {} },
};
const state = { state: 'running', pid: 1, version: '0', uptime_seconds: 0.5, settings: {} };

const plan = {
  events: 1,
  by_size: 0,
  bytes: 251,
  data_bytes: 80,
  by_type: [],
  retention_days: 30,
  retention_size_mb: 0,
  retention_rules: [],
  clock: 3.5,
  next_run: null,
};

interface Reply {
  name: string;
  parse: (body: unknown) => unknown;
  good: [body: object, meaning: unknown][];
  bad: [field: string, bodies: object[]][];
}

const replies: Reply[] = [
  { name: 'flush', parse: (body) => flush.parseReply(body), good: [[{}, {}]], bad: [] },
  { name: 'tail-stop', parse: (body) => tailStop.parseReply(body), good: [[{}, {}]], bad: [] },
  { name: 'ack-cursor', parse: (body) => ackCursor.parseReply(body), good: [[{}, {}]], bad: [] },
  {
    name: 'delete-cursor',
    parse: (body) => deleteCursor.parseReply(body),
    good: [[{ deleted: false }, { deleted: false }]],
    bad: [['deleted', [{ deleted: 1 }]]],
  },
  {
    name: 'cursors',
    parse: (body) => cursors.parseReply(body),
    good: [
      [{ cursors: [] }, { cursors: [] }],
      [
        { cursors: [{ name: 'a', id: 3, updated: 1.5, inUse: true, later: 1 }] },
        { cursors: [{ name: 'a', id: 3, updated: 1.5, inUse: true }] },
      ],
    ],
    bad: [
      ['cursors', [{}, { cursors: 5 }]],
      ['id', [{ cursors: [{ name: 'a', updated: 1 }] }]],
    ],
  },
  {
    name: 'mark-processed',
    parse: (body) => markProcessed.parseReply(body),
    good: [
      [{ marked: 2 }, { marked: 2, afterId: null }],
      [
        { marked: 0, afterId: 7 },
        { marked: 0, afterId: 7 },
      ],
    ],
    bad: [['marked', [{}, { marked: -1 }]]],
  },
  {
    name: 'forget',
    parse: (body) => forget.parseReply(body),
    good: [
      [
        { events: 2, patterns: 1, names: 0, unfinished: false, later: 1 },
        { events: 2, patterns: 1, names: 0, unfinished: false },
      ],
    ],
    bad: [
      ['events', [{}, { events: -1 }]],
      ['patterns', [{ events: 1 }]],
    ],
  },
  {
    name: 'forget-traces',
    parse: (body) => forgetTraces.parseReply(body),
    good: [
      [
        { names: 0, bytesRewritten: 9, left: ['log', 'elsewhere'] },
        { names: 0, bytesRewritten: 9, left: ['log'] },
      ],
    ],
    bad: [['bytesRewritten', [{ names: 0 }, { names: 0, bytesRewritten: 0.5 }]]],
  },
  {
    name: 'patterns',
    parse: (body) => patterns.parseReply(body),
    good: [
      [{ patterns: [] }, { patterns: [], cursor: null }],
      [
        { patterns: [{ ...storedPattern, eventId: null, later: 1 }], cursor: 'c' },
        { patterns: [{ ...storedPattern, eventId: null }], cursor: 'c' },
      ],
    ],
    bad: [
      ['patterns', [{}]],
      ['id', [{ patterns: [{ ...storedPattern, id: 0 }] }]],
    ],
  },
  {
    name: 'samples',
    parse: (body) => samples.parseReply(body),
    good: [
      [
        { samples: [{ id: 1, timestamp: 1.5, total_events: 3 }], cursor: null },
        {
          samples: [
            {
              id: 1,
              timestamp: 1.5,
              total_events: 3,
              events_per_second: null,
              active_embryos: null,
              avg_fitness: null,
              storage_mb: null,
            },
          ],
          cursor: null,
        },
      ],
    ],
    bad: [
      ['samples', [{}]],
      ['timestamp', [{ samples: [{ id: 1 }] }]],
    ],
  },
  { name: 'report-gaps', parse: (body) => reportGaps.parseReply(body), good: [[{}, {}]], bad: [] },
  {
    name: 'retention-plan',
    parse: (body) => retentionPlan.parseReply(body),
    good: [[plan, plan]],
    bad: [
      ['events', [{ ...plan, events: -1 }]],
      ['by_size', [{ ...plan, by_size: '0' }]],
      ['clock', [{ ...plan, clock: null }]],
      ['by_type', [{ ...plan, by_type: {} }]],
    ],
  },
  {
    name: 'retention-run',
    parse: (body) => retentionRun.parseReply(body),
    good: [
      [
        { events: 1, by_size: 0, freed_bytes: 4_096, seconds: 0.5 },
        { events: 1, by_size: 0, freed_bytes: 4_096, seconds: 0.5 },
      ],
    ],
    bad: [
      ['freed_bytes', [{ events: 1, by_size: 0, seconds: 1 }]],
      ['seconds', [{ events: 1, by_size: 0, freed_bytes: 0 }]],
    ],
  },
  {
    name: 'vacuum',
    parse: (body) => vacuum.parseReply(body),
    good: [
      [
        { freed_bytes: 4_096, blocked_seconds: 0.5, later: 1 },
        { freed_bytes: 4_096, blocked_seconds: 0.5 },
      ],
    ],
    bad: [
      ['freed_bytes', [{ freed_bytes: -1, blocked_seconds: 0 }]],
      ['blocked_seconds', [{ freed_bytes: 0 }]],
    ],
  },
  {
    name: 'verify',
    parse: (body) => verify.parseReply(body),
    good: [
      [
        { checked: 2, damaged: [{ id: 1, message: 'm', later: 1 }], afterId: 2 },
        { checked: 2, damaged: [{ id: 1, message: 'm' }], afterId: 2 },
      ],
      [
        { checked: 0, damaged: [], structure: 'ok' },
        { checked: 0, damaged: [], afterId: null, structure: 'ok' },
      ],
      [
        { checked: 0, damaged: [], afterId: null, structure: ['a', 'b'] },
        { checked: 0, damaged: [], afterId: null, structure: ['a', 'b'] },
      ],
    ],
    bad: [
      ['checked', [{ damaged: [] }, { checked: -1, damaged: [] }]],
      ['damaged', [{ checked: 0 }, { checked: 0, damaged: [5] }, { checked: 0, damaged: {} }]],
      ['id', [{ checked: 0, damaged: [{ message: 'm' }] }]],
      ['message', [{ checked: 0, damaged: [{ id: 1 }] }]],
      ['afterId', [{ checked: 0, damaged: [], afterId: '5' }]],
      ['structure', [{ checked: 0, damaged: [], structure: 'fine' }]],
    ],
  },
  {
    name: 'gaps',
    parse: (body) => gaps.parseReply(body),
    good: [
      [
        { gaps: [gap], nextId: 1 },
        { gaps: [gap], nextId: 1 },
      ],
      [{ gaps: [] }, { gaps: [], nextId: null }],
      [
        { gaps: [{ ...gap, source: null, producer: undefined, count: 0 }], nextId: null },
        { gaps: [{ ...gap, source: null, producer: null, count: 0 }], nextId: null },
      ],
      [{ gaps: [{ ...gap, later: 1 }] }, { gaps: [gap], nextId: null }],
    ],
    bad: [
      ['gaps', [{}, { gaps: null }, { gaps: {} }]],
      ['gap', [{ gaps: [5] }, { gaps: [null] }]],
      [
        'nextId',
        [
          { gaps: [], nextId: '1' },
          { gaps: [], nextId: 0.5 },
        ],
      ],
      ['id', [{ gaps: [{ ...gap, id: 0 }] }, { gaps: [{ ...gap, id: '1' }] }]],
      ['source', [{ gaps: [{ ...gap, source: 5 }] }]],
      ['producer', [{ gaps: [{ ...gap, producer: [] }] }]],
      ['count', [{ gaps: [{ ...gap, count: -1 }] }, { gaps: [{ ...gap, count: null }] }]],
      ['since', [{ gaps: [{ ...gap, since: null }] }]],
      ['until', [{ gaps: [{ ...gap, until: Number.NaN }] }]],
      ['reason', [{ gaps: [{ ...gap, reason: null }] }]],
      ['noticed', [{ gaps: [{ ...gap, noticed: '3' }] }]],
    ],
  },
  {
    name: 'record',
    parse: (body) => record.parseReply(body),
    good: [
      [receipt, receipt],
      [
        { stored: 0, duplicate: 0, rejected: [], level: 'committed' },
        { stored: 0, duplicate: 0, rejected: [], firstId: null, lastId: null, level: 'committed', persisted: true },
      ],
      [
        { ...receipt, firstId: null, lastId: null, persisted: false },
        { ...receipt, firstId: null, lastId: null, persisted: false },
      ],
    ],
    bad: [
      [
        'stored',
        [
          { ...receipt, stored: -1 },
          { ...receipt, stored: null },
          { ...receipt, stored: 1.5 },
        ],
      ],
      [
        'duplicate',
        [
          { ...receipt, duplicate: '0' },
          { ...receipt, duplicate: undefined },
        ],
      ],
      [
        'rejected',
        [
          { ...receipt, rejected: null },
          { ...receipt, rejected: {} },
        ],
      ],
      ['index', [{ ...receipt, rejected: [{ code: 'invalid_type', message: '' }] }]],
      ['message', [{ ...receipt, rejected: [{ code: 'invalid_type', index: 0 }] }]],
      [
        'firstId',
        [
          { ...receipt, firstId: 0 },
          { ...receipt, firstId: '7' },
        ],
      ],
      [
        'lastId',
        [
          { ...receipt, lastId: 0 },
          { ...receipt, lastId: 1.5 },
        ],
      ],
      [
        'level',
        [
          { ...receipt, level: 'hoped' },
          { ...receipt, level: null },
        ],
      ],
      ['persisted', [{ ...receipt, persisted: 1 }]],
    ],
  },
  {
    name: 'query',
    parse: (body) => query.parseReply(body),
    good: [
      [page, page],
      [
        { events: [], newestId: 0 },
        { events: [], cursor: null, partial: false, damaged: [], newestId: 0 },
      ],
      [
        { ...page, cursor: null, partial: null },
        { ...page, cursor: null, partial: false },
      ],
    ],
    bad: [
      [
        'events',
        [
          { ...page, events: null },
          { ...page, events: {} },
        ],
      ],
      ['cursor', [{ ...page, cursor: 5 }]],
      ['partial', [{ ...page, partial: 1 }]],
      [
        'damaged',
        [
          { ...page, damaged: 1 },
          { ...page, damaged: ['1'] },
        ],
      ],
      [
        'newestId',
        [
          { ...page, newestId: -1 },
          { ...page, newestId: undefined },
        ],
      ],
    ],
  },
  {
    name: 'stats',
    parse: (body) => stats.parseReply(body),
    good: [[figures, figures]],
    bad: [
      ['total_stored', [{ ...figures, total_stored: -1 }]],
      ['queue_size', [{ ...figures, queue_size: '0' }]],
      ['batch_size', [{ ...figures, batch_size: null }]],
      ['events_per_second', [{ ...figures, events_per_second: Number.NaN }]],
      [
        'database_stats',
        [
          { ...figures, database_stats: null },
          { ...figures, database_stats: [] },
        ],
      ],
    ],
  },
  {
    name: 'status',
    parse: (body) => status.parseReply(body),
    good: [[state, state]],
    bad: [
      ['state', [{ ...state, state: 1 }]],
      ['pid', [{ ...state, pid: -1 }]],
      ['uptime_seconds', [{ ...state, uptime_seconds: '1' }]],
      ['settings', [{ ...state, settings: [] }]],
    ],
  },
  {
    name: 'store-pattern',
    parse: (body) => storePattern.parseReply(body),
    good: [[{ id: 1 }, { id: 1 }]],
    bad: [['id', [{}, { id: 0 }, { id: '1' }, { id: 1.5 }]]],
  },
  {
    name: 'tail',
    parse: (body) => tail.parseReply(body),
    good: [[{ position }, { position }]],
    bad: [
      ['position', [{}, { position: null }, { position: 3 }]],
      ['databaseId', [{ position: { id: 3 } }]],
      ['id', [{ position: { databaseId: 'd', id: -1 } }]],
    ],
  },
  {
    name: 'events',
    parse: parseTailEvents,
    good: [
      [
        { events: [event], position },
        { events: [event], damaged: [], position },
      ],
      [
        { events: [], damaged: [4], position },
        { events: [], damaged: [4], position },
      ],
    ],
    bad: [
      ['events', [{ position }, { events: 1, position }]],
      ['position', [{ events: [] }]],
    ],
  },
  {
    name: 'reset',
    parse: parseTailReset,
    good: [
      [
        { lostFrom: 1, lostTo: 3 },
        { lostFrom: 1, lostTo: 3 },
      ],
    ],
    bad: [
      ['lostFrom', [{ lostTo: 3 }, { lostFrom: -1, lostTo: 3 }]],
      ['lostTo', [{ lostFrom: 1 }, { lostFrom: 1, lostTo: '3' }]],
    ],
  },
];

for (const { name, parse, good, bad } of replies) {
  describe(`the answer to ${name}`, () => {
    test('is read', () => {
      for (const [body, meaning] of good) assert.deepEqual(parse(body), meaning, JSON.stringify(body));
    });

    test('may have fields of a later version', () => {
      for (const [body] of good) {
        assert.doesNotThrow(() => parse({ ...body, later: { x: 1 } }), JSON.stringify(body));
      }
    });

    test('is refused when it is no map', () => {
      for (const body of [null, undefined, 5, 'text', []]) {
        assert.throws(() => parse(body), { code: 'invalid_request' }, String(body));
      }
    });

    for (const [field, bodies] of bad) {
      test(`is refused for its ${field}, by its name`, () => {
        for (const body of bodies) {
          assert.throws(() => parse(body), { code: 'invalid_request', message: new RegExp(`\\b${field}\\b`) });
        }
      });
    }
  });
}

test('a rejection with a code of a later version is told, not lost', () => {
  const rejected = [{ index: 0, code: 'later_code', message: 'why' }];
  const [rejection] = record.parseReply({ ...receipt, rejected }).rejected;
  assert.deepEqual(rejection, { index: 0, code: 'internal', message: 'why' });
});
