import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { encodeRecords, RecordScanner, recordOverheadBytes, seedOf } from '../../../client/spool/segment-format.ts';
import { decodeHeader, encodeHeader } from '../../../client/spool/segment-header.ts';
import { SegmentReader } from '../../../client/spool/segment-reader.ts';
import { encode } from '../../../shared/codec.ts';
import { checkProperty } from '../../harness/property.ts';

const epoch = randomUUID();
const seed = seedOf(epoch);
const header = encodeHeader({ producer: 'test', epoch, writer: { pid: 1, start: 'x' } });
const anything = { events: Infinity, bytes: Infinity };

interface Written {
  counter: number;
  payload: Buffer;
  from: number;
  to: number;
}

/** A segment of runs of records, with holes between them, and where each record lies. */
function segmentOf(runs: readonly { skip: number; payloads: readonly Uint8Array[] }[]) {
  const parts: Buffer[] = [header];
  const records: Written[] = [];
  let at = header.length;
  let counter = 1;
  for (const { skip, payloads } of runs) {
    counter += skip;
    parts.push(encodeRecords(counter, payloads, seed));
    for (const payload of payloads) {
      const to = at + recordOverheadBytes + payload.length;
      records.push({ counter, payload: Buffer.from(payload), from: at, to });
      at = to;
      counter += 1;
    }
  }
  return { bytes: Buffer.concat(parts), records };
}

function scan(bytes: Buffer, from = header.length): { found: { counter: number; payload: Buffer }[]; places: number } {
  const scanner = new RecordScanner(bytes, from, seed);
  const found = [];
  for (let record = scanner.next(); record !== undefined; record = scanner.next()) {
    found.push({ counter: record.counter, payload: Buffer.from(record.payload) });
  }
  return { found, places: scanner.damagedPlaces };
}

function flip(bytes: Buffer, at: number, bits = 1): void {
  bytes[at] = (bytes[at] ?? 0) ^ bits;
}

const plain = (records: readonly Written[]) => records.map(({ counter, payload }) => ({ counter, payload }));

const mark = Buffer.from([0xc1, 0xf5, 0xc1, 0xff]);
const payloads = fc.array(
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }),
    // What looks like the beginning of a record, and is none.
    fc.uint8Array({ maxLength: 40 }).map((rest) => Buffer.concat([mark, rest])),
    fc.constant(encodeRecords(1, [Buffer.from('other epoch')], seedOf(randomUUID()))),
  ),
  { maxLength: 12 },
);
const runs = fc.array(fc.record({ skip: fc.integer({ min: 0, max: 2 ** 30 }), payloads }), { maxLength: 5 });

describe('a segment', () => {
  test('gives back what was written', async (t) => {
    await checkProperty(
      t,
      fc.property(runs, (written) => {
        const { bytes, records } = segmentOf(written);
        const { found, places } = scan(bytes);
        assert.deepEqual(found, plain(records));
        assert.equal(places, 0);
      }),
      300,
    );
  });

  test('with bytes flipped anywhere gives back every record that none of them lies in, and nothing else', async (t) => {
    const flips = fc.array(fc.record({ at: fc.nat(), bits: fc.integer({ min: 1, max: 255 }) }), {
      minLength: 1,
      maxLength: 8,
    });
    await checkProperty(
      t,
      fc.property(runs, flips, (written, changes) => {
        const { bytes, records } = segmentOf(written);
        const original = Buffer.from(bytes);
        for (const { at, bits } of changes) flip(bytes, at % bytes.length, bits);
        const decoded = decodeHeader(bytes);
        const { found } = scan(bytes, typeof decoded === 'object' ? decoded.end : 0);
        const whole = records.filter(({ from, to }) => bytes.subarray(from, to).equals(original.subarray(from, to)));
        assert.deepEqual(found, plain(whole));
      }),
      1_000,
    );
  });

  test('torn anywhere gives back every record before', async (t) => {
    await checkProperty(
      t,
      fc.property(runs, fc.nat(), (written, cut) => {
        const { bytes, records } = segmentOf(written);
        const length = cut % (bytes.length + 1);
        const { found } = scan(bytes.subarray(0, length), Math.min(header.length, length));
        assert.deepEqual(found, plain(records.filter(({ to }) => to <= length)));
      }),
      500,
    );
  });

  test('with pieces of it missing, doubled or overwritten gives back nothing that was not written, each once', async (t) => {
    const edits = fc.array(
      fc.record({ kind: fc.constantFrom('cut', 'double', 'zero'), at: fc.nat(), length: fc.nat(200) }),
      { minLength: 1, maxLength: 4 },
    );
    await checkProperty(
      t,
      fc.property(runs, edits, (written, changes) => {
        const { bytes: original, records } = segmentOf(written);
        let bytes = original;
        for (const { kind, at, length } of changes) {
          const from = at % bytes.length;
          const piece = bytes.subarray(from, from + length);
          const middle = kind === 'cut' ? [] : kind === 'double' ? [piece, piece] : [Buffer.alloc(piece.length)];
          bytes = Buffer.concat([bytes.subarray(0, from), ...middle, bytes.subarray(from + length)]);
        }
        const { found } = scan(bytes, 0);
        const known = new Map(records.map(({ counter, payload }) => [counter, payload]));
        assert.equal(new Set(found.map(({ counter }) => counter)).size, found.length);
        for (const { counter, payload } of found) assert.deepEqual(payload, known.get(counter));
      }),
      500,
    );
  });

  test('an event that holds a record with any other checksum does not smuggle it in', () => {
    const inner = encodeRecords(5, [Buffer.from('inner')], 0);
    const { bytes } = segmentOf([{ skip: 0, payloads: [Buffer.concat([Buffer.alloc(20), inner]), Buffer.from('x')] }]);
    bytes[header.length + recordOverheadBytes] = 1;
    assert.deepEqual(
      scan(bytes).found.map(({ counter }) => counter),
      [2],
    );
  });
});

describe('a reader', () => {
  const payloadsTo = (count: number) => Array.from({ length: count }, (_, n) => encode({ n }));
  const read = (bytes: Buffer, after = 0, sequence = 1) => {
    const damage: { from: number; to: number }[] = [];
    const reader = new SegmentReader(bytes, epoch, sequence, ({ from, to }) => damage.push({ from, to }));
    const batches = [];
    for (let batch = reader.read(after, anything); batch !== undefined; batch = reader.read(after, anything)) {
      batches.push([batch.first, batch.events.count]);
    }
    return { batches, damage, isTailDamaged: reader.isTailDamaged, last: reader.lastCounter };
  };

  test('makes batches of numbers that follow each other, of 500 at most', () => {
    const { bytes } = segmentOf([
      { skip: 0, payloads: payloadsTo(1_200) },
      { skip: 10, payloads: payloadsTo(3) },
    ]);
    assert.deepEqual(read(bytes), {
      batches: [
        [1, 500],
        [501, 500],
        [1_001, 200],
        [1_211, 3],
      ],
      damage: [],
      isTailDamaged: false,
      last: 1_213,
    });
    assert.deepEqual(read(bytes, 1_100).batches, [
      [1_101, 100],
      [1_211, 3],
    ]);
  });

  test('names the numbers that are missing where bytes are damaged, and no others', () => {
    const { bytes, records } = segmentOf([
      { skip: 0, payloads: payloadsTo(10) },
      { skip: 5, payloads: payloadsTo(10) },
    ]);
    for (const index of [0, 3, 4, 12]) flip(bytes, (records[index]?.to ?? 0) - 1);
    assert.deepEqual(read(bytes), {
      batches: [
        [2, 2],
        [6, 5],
        [16, 2],
        [19, 7],
      ],
      damage: [
        { from: 1, to: 1 },
        { from: 4, to: 5 },
        { from: 18, to: 18 },
      ],
      isTailDamaged: false,
      last: 25,
    });
  });

  test('tells a damaged tail, and loses nothing to a damaged header', () => {
    const { bytes, records } = segmentOf([{ skip: 0, payloads: payloadsTo(10) }]);
    flip(bytes, 20);
    const torn = bytes.subarray(0, (records[9]?.to ?? 0) - 1);
    assert.deepEqual(read(torn), { batches: [[1, 9]], damage: [], isTailDamaged: true, last: 9 });
  });

  test('keeps to the limits of a frame', () => {
    const { bytes } = segmentOf([{ skip: 0, payloads: payloadsTo(10) }]);
    const reader = new SegmentReader(bytes, epoch, 1, () => assert.fail('nothing is damaged'));
    const size = encode({ n: 0 }).length;
    assert.equal(reader.read(0, { events: 4, bytes: Infinity })?.events.count, 4);
    assert.equal(reader.read(0, { events: 10, bytes: size * 2 })?.events.count, 2);
    assert.equal(reader.read(0, { events: 10, bytes: 1 })?.events.count, 1, 'an event is not cut');
  });
});
