import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { scanEvent } from '../../../daemon/prepare/raw-event.ts';
import { isRefusal, type Refusal, validateEvent, type ValidEvent } from '../../../daemon/prepare/validate-event.ts';
import type { ErrorCode } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { inOneGo } from '../../harness/prepared.ts';
import { Entries, nested, pack, Raw, rawText } from '../../harness/msgpack.ts';

const now = 1_700_000_000;
const event = { type: 'a', source: 'b', timestamp: 1, action: 'c', data: { n: 1 } };
const invalidUtf8 = rawText(Buffer.from([0x61, 0xff]));
const lastSecond = limits.timestampMaxSeconds - 1 / 1024;

/** What becomes of one event, all the way from its bytes. */
function judge(sent: unknown): ValidEvent | Refusal {
  return validateEvent(inOneGo(scanEvent(pack(sent), 0)), now);
}

function without(field: keyof typeof event): unknown {
  return Object.fromEntries(Object.entries(event).filter(([name]) => name !== field));
}

const refused: [what: string, sent: unknown, code: ErrorCode, message?: RegExp][] = [
  /* row 29 of the faults: timestamps */
  ['NaN', { ...event, timestamp: Number.NaN }, 'invalid_timestamp'],
  ['infinity', { ...event, timestamp: Number.POSITIVE_INFINITY }, 'invalid_timestamp'],
  ['negative infinity', { ...event, timestamp: Number.NEGATIVE_INFINITY }, 'invalid_timestamp'],
  ['infinity as float32', { ...event, timestamp: new Raw('ca7f800000') }, 'invalid_timestamp'],
  ['1e300 seconds', { ...event, timestamp: 1e300 }, 'invalid_timestamp'],
  ['the year 10000', { ...event, timestamp: limits.timestampMaxSeconds }, 'invalid_timestamp'],
  ['a time before 1970', { ...event, timestamp: -1 }, 'invalid_timestamp', /since 1970/],
  ['a time just before 1970', { ...event, timestamp: -5e-324 }, 'invalid_timestamp'],
  ['a 64-bit timestamp', { ...event, timestamp: new Raw('cfffffffffffffffff') }, 'invalid_timestamp'],
  ['a text as timestamp', { ...event, timestamp: '2024-01-01' }, 'invalid_timestamp'],
  ['a number in a text', { ...event, timestamp: '1' }, 'invalid_timestamp'],
  ['a flag as timestamp', { ...event, timestamp: true }, 'invalid_timestamp'],
  ['a map as timestamp', { ...event, timestamp: {} }, 'invalid_timestamp'],
  ['milliseconds', { ...event, timestamp: now * 1000 }, 'invalid_timestamp', /milliseconds/],
  /* row 30: text */
  ['invalid UTF-8 in the type', { ...event, type: invalidUtf8 }, 'invalid_utf8'],
  ['invalid UTF-8 in the source', { ...event, source: invalidUtf8 }, 'invalid_utf8'],
  ['invalid UTF-8 in the action', { ...event, action: invalidUtf8 }, 'invalid_utf8'],
  ['invalid UTF-8 in data', { ...event, data: { list: ['fine', invalidUtf8] } }, 'invalid_utf8'],
  ['invalid UTF-8 in the name of a field', new Entries([[invalidUtf8, 1]]), 'invalid_utf8'],
  ['a lone surrogate', { ...event, data: { text: rawText(Buffer.from([0xed, 0xb0, 0x80])) } }, 'invalid_utf8'],
  ['an overlong form', { ...event, data: { text: rawText(Buffer.from([0xc0, 0xaf])) } }, 'invalid_utf8'],
  /* row 32: structure */
  ['nesting past the limit', { ...event, data: { deep: nested(limits.nestingDepth - 1) } }, 'too_deep'],
  ['10,000 levels', { ...event, data: { deep: nested(10_000) } }, 'too_deep'],
  ['10,000 levels instead of an event', nested(10_000), 'too_deep'],
  ['a timestamp extension', { ...event, data: { when: new Raw('d6ff00000000') } }, 'invalid_data', /extension/],
  ['an extension as timestamp', { ...event, timestamp: new Raw('d6ff00000000') }, 'invalid_data', /extension/],
  ['an extension of the largest size class', { ...event, data: { x: new Raw('c90000000101ff') } }, 'invalid_data'],
  ['too many bytes', { ...event, data: { text: 'x'.repeat(limits.eventBytes) } }, 'too_large', /at most 1048576/],
  /* what is no event */
  ['a list', [event], 'invalid_event'],
  ['nil', null, 'invalid_event'],
  ['a number', 7, 'invalid_event'],
  ['a text', 'event', 'invalid_event'],
  ['binary', Buffer.from('event'), 'invalid_event'],
  ['NaN instead of an event', Number.NaN, 'invalid_event'],
  ['an empty map', {}, 'invalid_type', /missing/],
  ['an unknown field', { ...event, ts: 1 }, 'invalid_event', /"ts"/],
  ['a field with a very long name', { ...event, ['x'.repeat(100_000)]: 1 }, 'invalid_event', /^.{1,200}$/],
  ['a field named __proto__', new Entries([...Object.entries(event), ['__proto__', {}]]), 'invalid_event', /__proto__/],
  ['a field named toString', { ...event, toString: 1 }, 'invalid_event', /toString/],
  ['a key that is a number', { ...event, data: new Entries([[1, 1]]) }, 'invalid_data', /not text/],
  /* names */
  ['no type', without('type'), 'invalid_type', /missing/],
  ['a type that is nil', { ...event, type: null }, 'invalid_type', /must be text/],
  ['an empty type', { ...event, type: '' }, 'invalid_type', /empty/],
  ['a type that is a number', { ...event, type: 1 }, 'invalid_type', /must be text/],
  ['a type that is binary', { ...event, type: Buffer.from('a') }, 'invalid_type', /must be text/],
  ['a type of 257 bytes', { ...event, type: 'a'.repeat(257) }, 'invalid_type', /257 bytes/],
  ['a type of 129 characters and 258 bytes', { ...event, type: 'é'.repeat(129) }, 'invalid_type', /258 bytes/],
  ['a type of 86 characters and 258 bytes', { ...event, type: '€'.repeat(86) }, 'invalid_type', /258 bytes/],
  ['no source', without('source'), 'invalid_source', /missing/],
  ['an empty source', { ...event, source: '' }, 'invalid_source', /empty/],
  ['a source that is a list', { ...event, source: ['b'] }, 'invalid_source', /must be text/],
  ['a source of 257 bytes', { ...event, source: 'a'.repeat(257) }, 'invalid_source', /257 bytes/],
  ['an action that is a flag', { ...event, action: false }, 'invalid_action', /must be text/],
  ['an action that is 0', { ...event, action: 0 }, 'invalid_action', /must be text/],
  ['an action of 257 bytes', { ...event, action: 'a'.repeat(257) }, 'invalid_action', /257 bytes/],
  /* data */
  ['data that are a list', { ...event, data: [1] }, 'invalid_data', /must be a map/],
  ['data that are a text', { ...event, data: '{}' }, 'invalid_data', /must be a map/],
  ['data that are 0', { ...event, data: 0 }, 'invalid_data', /must be a map/],
  ['data that are binary', { ...event, data: Buffer.from('{}') }, 'invalid_data', /must be a map/],
  ['NaN in data', { ...event, data: { a: [{ b: Number.NaN }] } }, 'invalid_data', /NaN/],
  ['an infinity in data', { ...event, data: { a: Number.POSITIVE_INFINITY } }, 'invalid_data', /infinity/],
  ['binary in data', { ...event, data: { a: Buffer.from('x') } }, 'invalid_data', /base64/],
  ['2^53 + 1 in data', { ...event, data: { a: new Raw('cf0020000000000001') } }, 'invalid_data', /2\^53/],
  ['-2^53 in data', { ...event, data: { a: new Raw('d3ffe0000000000000') } }, 'invalid_data', /2\^53/],
];

const accepted: [what: string, sent: unknown, expected: Partial<ValidEvent>][] = [
  ['all fields', event, event],
  ['the fields in another order', Object.fromEntries(Object.entries(event).toReversed()), event],
  ['the first second', { ...event, timestamp: 0 }, { timestamp: 0 }],
  ['the last moment of the year 9999', { ...event, timestamp: lastSecond }, { timestamp: lastSecond }],
  ['the least positive number', { ...event, timestamp: 5e-324 }, { timestamp: 5e-324 }],
  ['a float32 timestamp', { ...event, timestamp: new Raw('ca3f800000') }, { timestamp: 1 }],
  ['a 64-bit integer timestamp', { ...event, timestamp: new Raw('cf000000000000000a') }, { timestamp: 10 }],
  ['no timestamp', without('timestamp'), { timestamp: now }],
  ['a timestamp that is nil', { ...event, timestamp: null }, { timestamp: now }],
  ['no action', without('action'), { action: null }],
  ['an action that is nil', { ...event, action: null }, { action: null }],
  ['an empty action', { ...event, action: '' }, { action: '' }],
  ['no data', without('data'), { data: {} }],
  ['data that are nil', { ...event, data: null }, { data: {} }],
  ['a type of 256 bytes', { ...event, type: 'é'.repeat(128) }, { type: 'é'.repeat(128) }],
  ['NUL', { ...event, type: '\0', data: { '\0': 'a\0b' } }, { type: '\0', data: { '\0': 'a\0b' } }],
  ['2^53 - 1', { ...event, data: { n: new Raw('cf001fffffffffffff') } }, { data: { n: 2 ** 53 - 1 } }],
  ['-(2^53 - 1)', { ...event, data: { n: new Raw('d3ffe0000000000001') } }, { data: { n: 1 - 2 ** 53 } }],
  [
    'names of every object',
    { ...event, type: 'toString', source: '__proto__' },
    { type: 'toString', source: '__proto__' },
  ],
];

describe('validateEvent', () => {
  for (const [what, sent, code, message = /./] of refused) {
    test(`refuses ${what}`, () => {
      const refusal = judge(sent);
      assert.ok(isRefusal(refusal));
      assert.equal(refusal.code, code);
      assert.match(refusal.message, message);
    });
  }

  for (const [what, sent, expected] of accepted) {
    test(`accepts ${what}`, () => {
      const valid = judge(sent);
      assert.deepEqual({ ...valid, ...expected }, valid);
      assert.ok(!isRefusal(valid));
    });
  }

  test('keeps keys that every object has as data, and changes no object', () => {
    const data = new Entries([
      ['__proto__', new Entries([['polluted', true]])],
      ['constructor', new Entries([['prototype', { polluted: true }]])],
      ['toString', 1],
    ]);
    const valid = judge({ ...event, data });
    assert.ok(!isRefusal(valid));
    assert.equal(
      JSON.stringify(valid.data),
      '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":1}',
    );
    assert.equal(Object.getPrototypeOf(valid.data), Object.prototype);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });
});
