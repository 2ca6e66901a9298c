import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { prepareRecordBody } from '../../../daemon/prepare/prepare-events.ts';
import { type RawEvent, scanEvent } from '../../../daemon/prepare/raw-event.ts';
import { readInSlices, type RecordBody } from '../../../daemon/prepare/read-record-body.ts';
import { decode, encode } from '../../../shared/codec.ts';
import { DaybookError, type ErrorCode } from '../../../shared/errors.ts';
import { limits } from '../../../shared/limits.ts';
import { scanProblems } from '../../../shared/msgpack-scanner.ts';
import { encodeRecordBody } from '../../../shared/messages/record-body.ts';
import { durabilities } from '../../../shared/messages/record.ts';
import { inOneGo } from '../../harness/prepared.ts';
import { Entries, nested, pack, Raw, rawText } from '../../harness/msgpack.ts';
import { checkProperty } from '../../harness/property.ts';

const someOrigin = { producer: 'p', epoch: 'e', first: 1 };
const event = { type: 'a', source: 'b', timestamp: 1, data: { text: 'x' } };

/** The body, with its events as a scan finds them. */
function read(bytes: Buffer): RecordBody<RawEvent[]> {
  return inOneGo(readInSlices(bytes, scanEvents));
}

function* scanEvents(
  bytes: Buffer,
  start: number,
  count: number,
): Generator<void, { events: RawEvent[]; end: number }, undefined> {
  const events: RawEvent[] = [];
  let end = start;
  while (events.length < count) {
    const raw = yield* scanEvent(bytes, end);
    events.push(raw);
    ({ end } = raw);
  }
  return { events, end };
}

/** Refused in the way that events are made ready, too, which looks closely at few of them. */
function refuses(body: Buffer, code: ErrorCode, message = /./): void {
  for (const readIt of [read, (bytes: Buffer) => prepareRecordBody(bytes, 1)]) {
    assert.throws(
      () => readIt(body),
      (error) => error instanceof DaybookError && error.code === code && message.test(error.message),
    );
  }
}

describe('a record body', () => {
  test('reads events with the options they were sent with, in any order', () => {
    const sent = { events: [event, event], wait: false, durability: 'flushed' };
    for (const body of [sent, Object.fromEntries(Object.entries(sent).toReversed())]) {
      const { events, wait, durability } = read(encode(body));
      assert.deepEqual([wait, durability], [false, 'flushed']);
      assert.deepEqual(
        events.map(({ value }) => value),
        [event, event],
      );
    }
  });

  test('reads its fields in any form that msgpack has for text', () => {
    const text = (value: string) => rawText(Buffer.from(value));
    const fields = { durability: text('flushed'), wait: false, events: [] };
    const body = pack(new Entries(Object.entries(fields).map(([key, value]) => [text(key), value])));
    assert.deepEqual(read(body), { events: [], wait: false, durability: 'flushed' });
  });

  test('reads what our own client writes', () => {
    for (const durability of durabilities) {
      for (const wait of [false, true]) {
        const body = encodeRecordBody([encode(event), encode(event)], durability, wait);
        assert.deepEqual(decode(body), { durability, wait, events: [event, event] });
        assert.deepEqual([read(body).durability, read(body).wait, read(body).events.length], [durability, wait, 2]);
      }
    }
  });

  test('waits for the commit, and does not flush, unless told otherwise', () => {
    for (const body of [{ events: [] }, { events: [], wait: null, durability: null }]) {
      assert.deepEqual(read(encode(body)), { events: [], wait: true, durability: 'committed' });
    }
  });

  test('reads where the events come from, in any order, from our own client too', () => {
    const origin = { producer: 'fs-capture', epoch: '5a0e', first: limits.counterMax };
    const bodies = [
      encode({ origin, events: [event] }),
      encode({ events: [event], origin: Object.fromEntries(Object.entries(origin).toReversed()) }),
      encodeRecordBody([encode(event)], 'flushed', false, origin),
    ];
    for (const body of bodies) assert.deepEqual(read(body).origin, origin);
    for (const body of [
      encode({ events: [event] }),
      encode({ events: [event], origin: null }),
      encodeRecordBody([encode(event)], 'committed', true),
    ]) {
      assert.equal(read(body).origin, undefined);
    }
  });

  const refused: [what: string, body: unknown, code: ErrorCode, message?: RegExp][] = [
    ['a list', [event], 'invalid_request', /must be a map/],
    ['nil', null, 'invalid_request', /must be a map/],
    ['text', 'events', 'invalid_request', /must be a map/],
    ['no events', { wait: true }, 'invalid_request', /events is missing/],
    ['events that are a map', { events: {} }, 'invalid_request', /must be a list/],
    ['events that are nil', { events: null }, 'invalid_request', /must be a list/],
    ['an unknown field', { events: [], priority: 1 }, 'invalid_request', /durability, wait, origin and events only/],
    ['a field that is no text', new Entries([[1, 2]]), 'invalid_request'],
    ['a field that is a map', new Entries([[{ a: 1 }, 2]]), 'invalid_request'],
    ['an unknown durability', { events: [], durability: 'eternal' }, 'invalid_request', /committed, flushed/],
    ['a durability that is a number', { events: [], durability: 1 }, 'invalid_request', /committed, flushed/],
    ['a durability named like a member of every object', { events: [], durability: 'toString' }, 'invalid_request'],
    ['a wait that is a number', { events: [], wait: 1 }, 'invalid_request', /wait must be true or false/],
    ['a wait that is nested', { events: [], wait: nested(3) }, 'invalid_request'],
    ['a wait that is nested very deep', { events: [], wait: nested(100_000) }, 'invalid_request'],
    ['a wait that is an extension', { events: [], wait: new Raw('d4ff00') }, 'invalid_request'],
    ['a wait of invalid UTF-8', { events: [], wait: rawText(Buffer.from([0xff])) }, 'invalid_request'],
    ['an origin that is a list', { events: [], origin: [] }, 'invalid_request', /origin must be a map/],
    ['an origin that is text', { events: [], origin: 'p' }, 'invalid_request', /origin must be a map/],
    ['an origin without a producer', { events: [], origin: { epoch: 'e', first: 1 } }, 'invalid_request', /producer/],
    [
      'an origin with more in it',
      { events: [], origin: { ...someOrigin, x: 1 } },
      'invalid_request',
      /unknown field "x"/,
    ],
    ['an origin with a map inside', { events: [], origin: { ...someOrigin, first: { x: 1 } } }, 'invalid_request'],
    ['an origin nested very deep', { events: [], origin: nested(100_000) }, 'invalid_request'],
    ['an origin with a key that is no text', { events: [], origin: new Entries([[1, 2]]) }, 'invalid_request'],
    [
      'an origin with a field twice',
      { events: [], origin: new Entries([...Object.entries(someOrigin), ['first', 2]]) },
      'invalid_request',
      /twice/,
    ],
    [
      'an origin twice',
      new Entries([
        ['origin', someOrigin],
        ['origin', someOrigin],
        ['events', []],
      ]),
      'invalid_request',
      /origin stands there twice/,
    ],
    ['0xc1', new Raw('c1'), 'invalid_request'],
    ['0xc1 as an event', { events: [new Raw('c1')] }, 'malformed'],
    ['more events than it has bytes', new Raw('81a66576656e7473ddffffffff'), 'too_large'],
    ['10,000 events that are not there', new Raw('81a66576656e7473dc2710'), 'malformed'],
    ['more fields than it has bytes', new Raw('dfffffffff'), 'malformed'],
    ['an event whose map is longer than the body', new Raw('81a66576656e747391dfffffffff'), 'malformed'],
    ['an event whose text is longer than the body', new Raw('81a66576656e747391dbffffffff'), 'malformed'],
    [
      'events twice',
      new Entries([
        ['events', [event]],
        ['events', []],
      ]),
      'invalid_request',
    ],
    [
      'wait twice',
      new Entries([
        ['wait', false],
        ['wait', true],
        ['events', []],
      ]),
      'invalid_request',
    ],
  ];
  for (const [what, body, code, message] of refused) {
    test(`refuses ${what}`, () => refuses(pack(body), code, message));
  }

  test('refuses bytes behind the body', () => {
    for (const rest of ['00', 'c0', '80', 'ff']) {
      refuses(Buffer.concat([encode({ events: [event] }), Buffer.from(rest, 'hex')]), 'malformed', /bytes follow/);
    }
  });

  test('refuses a body that is cut short, wherever the cut is', () => {
    const body = encode({ durability: 'committed', wait: true, events: [event, event] });
    for (let length = 0; length < body.length; length += 1) refuses(body.subarray(0, length), 'malformed');
  });

  test('takes the most events a request may have, and not one more', () => {
    const many = (count: number) => encode({ events: Array.from({ length: count }, () => event) });
    assert.equal(read(many(limits.eventsPerFrame)).events.length, limits.eventsPerFrame);
    refuses(many(limits.eventsPerFrame + 1), 'too_large', /10001 events/);
  });

  test('answers any bytes with a body or a refusal, never with another error', async (t) => {
    const valid = encode({ durability: 'committed', wait: true, events: [event, { ...event, data: { list: [1] } }] });
    const damage = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const damaged = damage.map((changes) => {
      const bytes = Buffer.from(valid);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
    const bytes = fc.oneof(
      damaged,
      fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each)),
    );
    await checkProperty(
      t,
      fc.property(bytes, (body) => {
        let events: RawEvent[];
        try {
          ({ events } = read(body));
        } catch (error) {
          assert.ok(error instanceof DaybookError, String(error));
          assert.ok(['malformed', 'invalid_request', 'too_large'].includes(error.code));
          refuses(body, error.code);
          return;
        }
        const { events: prepared } = prepareRecordBody(body, 1).events;
        assert.equal(prepared.room, events.length);
      }),
      3000,
    );
  });
});

describe('one bad event', () => {
  const bad: [what: string, event: unknown, problem: keyof typeof scanProblems][] = [
    ['NaN', { ...event, data: { n: Number.NaN } }, 'non_finite_number'],
    ['an infinity as float32', { ...event, data: { n: new Raw('caff800000') } }, 'non_finite_number'],
    ['an integer beyond 2^53', { ...event, data: { n: new Raw('cf0020000000000000') } }, 'unsafe_integer'],
    ['the least 64-bit integer', { ...event, data: { n: new Raw('d38000000000000000') } }, 'unsafe_integer'],
    ['binary', { ...event, data: { n: Buffer.from('x') } }, 'binary'],
    ['a key that is a number', { ...event, data: new Entries([[1, 2]]) }, 'non_string_key'],
    ['a key that is a map', { ...event, data: new Entries([[{ a: 1 }, 2]]) }, 'non_string_key'],
    ['invalid UTF-8', { ...event, data: { text: rawText(Buffer.from([0xc3, 0x28])) } }, 'invalid_utf8'],
    ['a lone surrogate', { ...event, data: { text: rawText(Buffer.from([0xed, 0xa0, 0x80])) } }, 'invalid_utf8'],
    ['invalid UTF-8 in a key', { ...event, data: new Entries([[rawText(Buffer.from([0xff])), 1]]) }, 'invalid_utf8'],
    ['a timestamp extension', { ...event, data: { when: new Raw('d6ff00000000') } }, 'extension'],
    ['nesting past the limit', { ...event, data: { deep: nested(limits.nestingDepth - 1) } }, 'too_deep'],
    ['10,000 levels', { ...event, data: { deep: nested(10_000) } }, 'too_deep'],
    ['1,000,000 levels', { ...event, data: { deep: nested(1_000_000) } }, 'too_deep'],
    ['1,000,000 levels and nothing else', nested(1_000_000), 'too_deep'],
  ];
  for (const [what, badEvent, problem] of bad) {
    test(`is named for what it is and does not touch its neighbours: ${what}`, () => {
      const neighbour = { ...event, data: { nested: { list: [1, 'é', null] } } };
      const { events } = read(pack({ events: [event, badEvent, neighbour] }));
      assert.deepEqual(
        events.map((each) => each.problem),
        [0, scanProblems[problem], 0],
      );
      assert.deepEqual([events[0]?.value, events[2]?.value], [event, neighbour]);
      if (scanProblems[problem] >= scanProblems.non_string_key) assert.equal(events[1]?.value, undefined);
    });
  }

  test('is found again whatever the sizes around it', async (t) => {
    const size = fc.oneof(fc.nat(50), fc.nat(3_000), fc.constantFrom(20_000, 65_000, 70_000));
    const kind = fc.oneof({ weight: 8, arbitrary: fc.constant('good') }, fc.constant('bad'), fc.constant('__proto__'));
    await checkProperty(
      t,
      fc.property(fc.array(fc.tuple(kind, size), { maxLength: 60, size: 'max' }), (list) => {
        const sent = list.map(([name, bytes], n) => ({ ...event, timestamp: n, data: { [name]: 'x'.repeat(bytes) } }));
        const encoded = sent.map((each, n) =>
          list[n]?.[0] === 'bad' ? { ...each, data: new Entries([[n, 'x'.repeat(list[n]?.[1] ?? 0)]]) } : each,
        );
        const { events } = read(pack({ events: encoded }));
        for (const [n, { value }] of events.entries()) {
          assert.equal(JSON.stringify(value), list[n]?.[0] === 'bad' ? undefined : JSON.stringify(sent[n]));
        }
        assert.equal(events.length, list.length);
      }),
      60,
    );
  });

  test('is measured when it is too large, and not decoded', () => {
    const large = { ...event, data: { text: 'x'.repeat(limits.eventBytes) } };
    const { events } = read(encode({ events: [event, large, event] }));
    assert.equal(events[1]?.value, undefined);
    assert.equal(events[1]?.sizeBytes, encode(large).length);
    assert.deepEqual([events[0]?.value, events[2]?.value], [event, event]);
  });

  test('keeps odd keys to itself', () => {
    const odd = '{"__proto__":{"polluted":1},"constructor":2,"toString":3}';
    const { events } = read(encode({ events: [event, { ...event, data: JSON.parse(odd) }, event] }));
    assert.equal(JSON.stringify((events[1]?.value as typeof event).data), odd);
    assert.deepEqual([events[0]?.value, events[2]?.value], [event, event]);
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });
});

describe('bounds of one event', () => {
  test('nesting up to the limit is decoded', () => {
    // The event is level 1 and its data level 2.
    const { events } = read(pack({ events: [{ ...event, data: { deep: nested(limits.nestingDepth - 2) } }] }));
    assert.equal(events[0]?.problem, 0);
    assert.ok(events[0].value);
  });

  test('1,000,000 keys are counted', () => {
    const map = Buffer.concat([Buffer.from('df000f4240', 'hex'), Buffer.alloc(2_000_000, Buffer.from('a0c0', 'hex'))]);
    const { events } = read(pack({ events: [new Raw(map)] }));
    assert.equal(events[0]?.mapEntries, 1_000_000);
  });
});
