import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { eventCount } from '../../../daemon/ingest/event-count.ts';
import { encode } from '../../../shared/codec.ts';
import { limits } from '../../../shared/limits.ts';
import { Entries, pack, Raw } from '../../harness/msgpack.ts';
import { checkProperty } from '../../harness/property.ts';

const events = (count: number) => Array.from({ length: count }, () => ({ type: 'a', source: 'b' }));

describe('eventCount', () => {
  test('reads how many events a body announces, wherever they stand in it', () => {
    for (const count of [0, 1, 15, 16, 500, 65_535].map((each) => Math.min(each, limits.eventsPerFrame))) {
      assert.equal(eventCount(encode({ events: events(count) })), count);
      assert.equal(eventCount(encode({ durability: 'flushed', wait: true, events: events(count) })), count);
      assert.equal(eventCount(encode({ events: events(count), wait: true })), count);
    }
  });

  test('believes no more than a request may have', () => {
    assert.equal(eventCount(Buffer.from('81a66576656e7473ddffffffff', 'hex')), limits.eventsPerFrame);
  });

  const refused: [string, Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['a list', encode([1, 2])],
    ['no events', encode({ wait: true })],
    ['events that are a map', encode({ events: { a: 1 } })],
    ['0xc1', Buffer.from([0xc1])],
    ['a cut header', Buffer.from('81a66576656e7473dd00', 'hex')],
    ['a header that promises too many fields', Buffer.from('dfffffffff', 'hex')],
    [
      'events behind more than its headers',
      pack(
        new Entries([
          ['x', 'y'.repeat(2_000)],
          ['events', events(3)],
        ]),
      ),
    ],
    ['events behind nesting without end', pack({ x: new Raw(Buffer.alloc(400, 0x91)), events: events(3) })],
  ];
  for (const [what, body] of refused) {
    test(`counts none in a body that will be refused: ${what}`, () => assert.equal(eventCount(body), 0));
  }

  test('takes any bytes', async (t) => {
    await checkProperty(
      t,
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const count = eventCount(Buffer.from(bytes));
        assert.ok(Number.isInteger(count) && count >= 0 && count <= limits.eventsPerFrame);
      }),
      2000,
    );
  });
});
