import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { EncodedEvents } from '../../client/encoded-events.ts';
import { EventWriter } from '../../client/event-writer.ts';
import { encode } from '../../shared/codec.ts';
import { limits } from '../../shared/limits.ts';
import { checkProperty } from '../harness/property.ts';
import { jsonValues } from '../shared/json-values.ts';

/** Long enough that the memory is given up when the event is gone. */
const LONG = 'x'.repeat(700_000);

const steps: fc.Arbitrary<{ kind: string; event: unknown }[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constantFrom('keep', 'drop', 'take, then keep'), event: jsonValues }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('keep', 'drop'), event: fc.constant(LONG) }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'refused', event: { value: () => 1 } }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'refused', event: [LONG, LONG] }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'take', event: undefined }) },
  ),
  { maxLength: 40 },
);

describe('EventWriter', () => {
  test('gives out what was kept, in order, whatever was written, dropped, refused and taken in between', async (t) => {
    await checkProperty(
      t,
      fc.property(steps, (script) => {
        const writer = new EventWriter();
        let kept: Buffer[] = [];
        const taken: { events: EncodedEvents; expected: Buffer[] }[] = [];
        const take = () => {
          taken.push({ events: writer.take(), expected: kept });
          kept = [];
        };
        for (const { kind, event } of [...script, { kind: 'take', event: undefined }]) {
          if (kind === 'take') take();
          else if (kind === 'refused') assert.throws(() => writer.write(event), { name: 'DaybookError' });
          else {
            assert.equal(writer.write(event), encode(event).length);
            if (kind === 'take, then keep') take();
            if (kind === 'drop') continue;
            writer.keep();
            kept.push(encode(event));
          }
          assert.deepEqual([writer.count, writer.bytes], [kept.length, Buffer.concat(kept).length]);
        }
        for (const { events, expected } of taken) assert.deepEqual([...events], expected);
      }),
      100,
    );
  });

  test('takes an event of the size that is allowed, and none that is larger', () => {
    const writer = new EventWriter();
    const event = 'x'.repeat(limits.eventBytes - 5);
    assert.equal(writer.write(event), limits.eventBytes);
    assert.throws(() => writer.write(`${event}x`), { code: 'too_large', message: /has 1048577 bytes/ });
  });

  test('says why an event cannot be encoded', () => {
    const broken = {
      get value(): never {
        throw new Error('no value today');
      },
    };
    const writer = new EventWriter();
    assert.throws(() => writer.write(broken), { code: 'invalid_data', message: /no value today/ });
    assert.throws(() => writer.write({ value: 2n ** 64n }), { code: 'invalid_data' });
    assert.throws(() => writer.write({ value: `${'a'.repeat(100)}\ud83d` }), { code: 'invalid_utf8' });
    assert.equal(writer.isWriting, false);
  });
});

test('a slice of encoded events is what a slice of their bytes would be', async (t) => {
  const payloads = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 12 });
  await checkProperty(
    t,
    fc.property(payloads, fc.nat(13), fc.nat(13), fc.nat(13), (list, from, to, again) => {
      let end = 0;
      const ends = list.map(({ length }) => (end += length));
      const slice = new EncodedEvents(Buffer.concat(list), ends).slice(from, to).slice(again);
      const expected = list
        .slice(from, to)
        .slice(again)
        .map((bytes) => Buffer.from(bytes));
      assert.deepEqual([...slice], expected);
      assert.deepEqual([slice.count, slice.bytes], [expected.length, Buffer.concat(expected)]);
      assert.deepEqual(slice.at(0), expected[0]);
      assert.equal(slice.at(expected.length), undefined);
      assert.equal(slice.startOf(expected.length), slice.bytes.length);
    }),
    500,
  );
});
