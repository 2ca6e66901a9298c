/** Valid and half-valid pieces that everything hostile is made of. They depend on the seed of the run alone. */
import * as fc from 'fast-check';
import { encode } from '../../shared/codec.ts';
import { limits } from '../../shared/limits.ts';
import { encodeRecordBody } from '../../shared/messages/record-body.ts';
import { nested, pack, Raw } from '../harness/msgpack.ts';
import { seed } from '../harness/property.ts';
import { jsonValues } from '../shared/json-values.ts';
import { encodeInSomeForm } from '../shared/msgpack-forms.ts';
import { identityVectors, refusedVectors, rejectedVectors, validVectors } from '../shared/vectors.ts';
import { readStream } from './reference-frames.ts';

/** A request without its id. */
export interface SeedRequest {
  kind: string;
  body: Buffer;
}

const names = ['app', 'file_op', '__proto__', 'constructor', 'toString', '北京', 'x'.repeat(limits.nameBytes), 'é'];

const plainEvents = fc
  .record({
    event: fc.record(
      {
        type: fc.constantFrom(...names),
        source: fc.constantFrom(...names),
        action: fc.constantFrom(null, '', ...names),
        timestamp: fc.oneof(fc.integer({ min: 0, max: 2_000_000_000 }), fc.double({ min: 0, max: 2e9, noNaN: true })),
        data: fc.dictionary(fc.constantFrom('a', 'b', '', '__proto__', 'constructor', 'ключ'), jsonValues),
      },
      { requiredKeys: ['type', 'source'] },
    ),
    forms: fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
  })
  .map(({ event, forms }) => encodeInSomeForm(event, forms).bytes);

/** Events as clients send them: the shortest forms, and nothing unusual but some of the keys. */
const ordinaryEvents = fc
  .record(
    {
      type: fc.constantFrom(...names.slice(0, 3)),
      source: fc.constantFrom(...names.slice(0, 3)),
      timestamp: fc.double({ min: 1, max: 2e9, noNaN: true }),
      action: fc.constantFrom('create', '"'),
      data: fc.dictionary(fc.constantFrom('path', 'name', 'ext', 'q"', 'x'), jsonValues, { noNullPrototype: true }),
    },
    { requiredKeys: ['type', 'source', 'timestamp', 'data'], noNullPrototype: true },
  )
  .map(encode);

/** Events that stand at a border, or would do something to a careless reader. */
const specialEvents = [
  { type: 'p', source: 's', timestamp: 1, data: JSON.parse('{"__proto__":{"polluted":true}}') as unknown },
  { type: 'p', source: 's', timestamp: 2, data: { constructor: { prototype: { polluted: true } } } },
  { type: 'deep', source: 's', timestamp: 3, data: { deep: nested(limits.nestingDepth - 2) } },
  { type: 'long', source: 's', timestamp: 4, data: { text: 'long enough to be compressed '.repeat(40) } },
  { type: 'last', source: 's', timestamp: limits.timestampMaxSeconds - 1 },
  { type: 'whole', source: 's', timestamp: new Raw('cf0000000000000005'), data: { n: new Raw('d3ffe0000000000001') } },
].map(pack);

/** Ordinary but for one thing, for which they are refused. */
const spoiltEvents = [
  { data: { n: new Raw('cb7ff8000000000000') } },
  { data: { n: new Raw('cf0020000000000000') } },
  { data: { n: new Raw('d38000000000000000') } },
  { data: { list: ['fine', new Raw('a2c328')] } },
  { data: { deep: nested(limits.nestingDepth - 1) } },
  { type: new Raw('a1ff') },
].map((spoilt) => pack({ type: 'p', source: 's', timestamp: 6.5, data: {}, ...spoilt }));

const vectorEvents = [
  ...rejectedVectors.map(({ hex }) => hex),
  ...identityVectors.pairs.flatMap(({ a, b }) => [a, b]),
].map((hex) => Buffer.from(hex, 'hex'));

/** Events one by one, some of them refused. */
export const seedEvents: readonly Buffer[] = [
  ...fc.sample(plainEvents, { seed, numRuns: 120 }),
  ...fc.sample(ordinaryEvents, { seed, numRuns: 120 }),
  ...specialEvents,
  ...spoiltEvents,
  ...vectorEvents,
];

const anyEvents = fc.array(fc.constantFrom(...seedEvents), { maxLength: 5 });
const origins = fc.constantFrom(
  undefined,
  { producer: 'files', epoch: '1', first: 1 },
  { producer: 'é'.repeat(100), epoch: 'x', first: 2 ** 40 },
);

const recordBodies = fc.oneof(
  fc
    .record({
      events: anyEvents,
      durability: fc.constantFrom('committed', 'flushed'),
      wait: fc.boolean(),
      origin: origins,
    })
    .map(({ events, durability, wait, origin }) => encodeRecordBody(events, durability, wait, origin)),
  // The options behind the events, or not at all.
  anyEvents.map((events) => pack({ events: events.map((bytes) => new Raw(bytes)), wait: null })),
  fc
    .tuple(anyEvents, fc.boolean())
    .map(([events, wait]) =>
      Buffer.concat([Buffer.from([0x82, 0xa4]), Buffer.from('wait'), encode(wait), shortList(events)]),
    ),
);

/** "events" and a fixarray. */
function shortList(events: readonly Buffer[]): Buffer {
  return Buffer.concat([encode('events'), Buffer.from([0x90 | events.length]), ...events]);
}

/** All but the canary: it stores an event that none of the streams has sent, and has tests of its own. */
const vectorRequests: SeedRequest[] = [...validVectors, ...refusedVectors]
  .flatMap(({ hex }) => readStream(Buffer.from(hex, 'hex'), limits.frameBytes).frames)
  .filter(({ kind }) => kind !== 'canary');

/** Bodies of record requests, all but a few accepted. */
export const seedRecordBodies: readonly Buffer[] = [
  ...fc.sample(recordBodies, { seed, numRuns: 200 }),
  ...Array.from({ length: 6 }, () => encodeRecordBody(spoiltEvents, 'committed', true)),
  ...vectorRequests.filter(({ kind }) => kind === 'record').map(({ body }) => body),
];

const filter = { types: ['app', 'deep'], since: 1 };
const gap = { producer: 'files', epoch: '1', from: 3, to: 4, since: 1, until: 2, reason: 'spool_full' };
/** Every kind of request but record. */
const bodiesByKind: { [kind: string]: unknown[] } = {
  hello: [{ protocol: { min: 1, max: 1 }, client: { name: 'again', pid: 1 } }],
  query: [{ limit: 3 }, { limit: 5, order: 'asc', filter }, { limit: 2, filter: { sources: 's' }, maxId: 40 }],
  tail: [{}, { filter }, { filter: { types: 'none' } }, { cursorName: 'c', progress: true }],
  'tail-stop': [{ tail: 3 }],
  flush: [{}],
  stats: [{}],
  status: [{}],
  'store-pattern': [{ patternType: 'sequence', confidence: 0.5, patternData: '[1]', eventId: 1 }],
  patterns: [{ limit: 5 }],
  samples: [{ limit: 5 }],
  'store-sample': [{ active_embryos: 2, avg_fitness: 0.5 }],
  count: [{}, { by: ['type', 'hour'], filter }],
  search: [
    { query: 'long enough', limit: 3 },
    { query: '"a b" -c x:y*', limit: 2 },
  ],
  cursors: [{}],
  'ack-cursor': [{ name: 'c', position: { databaseId: 'x', id: 1 } }],
  'delete-cursor': [{ name: 'c' }],
  'mark-processed': [{ ids: [1, 2], processed: true }],
  // Of another database: what is forgotten could not be expected to be there.
  forget: [{ databaseId: 'x', ids: [1, 2] }],
  'forget-traces': [{ databaseId: 'x', thorough: true }],
  sources: [{}],
  'declare-source': [{ source: 'app', cadence_seconds: 60 }],
  canary: [],
  gaps: [{ limit: 5 }],
  'report-gaps': [{ gaps: [gap] }],
  'retention-plan': [{}, { retention_days: 3, retention_rules: [{ type: 'app', days: 1 }] }],
  'retention-run': [{}],
  vacuum: [{}, { full: true }],
  // It reads the whole database: what the vectors have of it is enough.
  verify: [],
};
const otherRequests: SeedRequest[] = Object.entries(bodiesByKind).flatMap(([kind, bodies]) =>
  bodies.map((body) => ({ kind, body: encode(body) })),
);

/** A daemon that knows more kinds than these must be fuzzed with them too. */
export const controlKinds: ReadonlySet<string> = new Set(Object.keys(bodiesByKind));

/** Requests of every kind; half of them record. */
export const seedRequests: readonly SeedRequest[] = [
  ...vectorRequests,
  ...Array.from({ length: 6 }, () => otherRequests).flat(),
  ...seedRecordBodies.map((body) => ({ kind: 'record', body })),
];
