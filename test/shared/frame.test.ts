import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { BadFrame, encodeFrame, encodeFrameInPieces, parseFrame } from '../../shared/frame.ts';
import { checkProperty } from '../harness/property.ts';
import { validVectors } from './vectors.ts';

const LENGTH_BYTES = 4;
const kinds = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map(String.fromCharCode),
  minLength: 1,
  maxLength: 31,
});
const requestIds = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.constantFrom(0, 127, 128, 255, 256, 65_535, 65_536, 0xffff_ffff),
);
const bodies = fc.uint8Array({ minLength: 1, maxLength: 300 });

describe('encodeFrame', () => {
  test('writes the length, the header with a uint 32 request id, and the body as it is', () => {
    const frame = encodeFrame('stats', 0x0102_0304, Buffer.from([0x80]));
    assert.equal(frame.toString('hex'), '0000000d92a57374617473ce0102030480');
  });

  test('what it writes is read back, for every kind, request id and body', async (t) => {
    await checkProperty(
      t,
      fc.property(kinds, requestIds, bodies, (kind, requestId, body) => {
        const frame = encodeFrame(kind, requestId, body);
        assert.equal(frame.readUInt32BE(0), frame.length - LENGTH_BYTES);
        const parsed = parseFrame(frame.subarray(LENGTH_BYTES));
        assert.equal(parsed.kind, kind);
        assert.equal(parsed.requestId, requestId);
        assert.deepEqual(parsed.body, Buffer.from(body));
      }),
      500,
    );
  });
});

test('a frame in pieces has the bytes of the frame in one, and a long end of its body as it is', () => {
  for (const length of [0, 1, 4_095, 4_096, 100_000]) {
    const body = [Buffer.from([0x91]), Buffer.alloc(length, 0xc0)] as const;
    const pieces = encodeFrameInPieces('stats', 7, body);
    assert.deepEqual(Buffer.concat(pieces), encodeFrame('stats', 7, Buffer.concat(body)));
    assert.equal(pieces[1], length < 4_096 ? undefined : body[1]);
  }
});

describe('parseFrame', () => {
  test('hands over a view of the body, not a copy', () => {
    const content = encodeFrame('stats', 1, Buffer.from([0x80])).subarray(LENGTH_BYTES);
    const { body } = parseFrame(content);
    content[content.length - 1] = 0x90;
    assert.deepEqual(body, Buffer.from([0x90]));
  });

  test('every cut in the header of a valid frame is a bad header, and a cut behind it a missing body', () => {
    for (const { name, hex, kind } of validVectors) {
      const content = Buffer.from(hex, 'hex').subarray(LENGTH_BYTES);
      const tag = content[2 + kind.length] ?? 0;
      const headerBytes = 3 + kind.length + (tag < 0x80 ? 0 : 2 ** (tag - 0xcc));
      for (let cut = 1; cut < headerBytes; cut += 1) {
        assert.throws(() => parseFrame(content.subarray(0, cut)), { reason: 'bad_header' }, `${name}, ${cut} bytes`);
      }
      assert.throws(() => parseFrame(content.subarray(0, headerBytes)), { reason: 'no_body' }, name);
      assert.equal(parseFrame(content.subarray(0, headerBytes + 1)).body.length, 1, name);
    }
  });

  test('any bytes are a frame or a BadFrame, nothing else', async (t) => {
    const almostFrames = fc
      .tuple(
        kinds,
        requestIds,
        bodies,
        fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 0, max: 255 })), { maxLength: 3 }),
      )
      .map(([kind, requestId, body, changes]) => {
        const content = Buffer.from(encodeFrame(kind, requestId, body).subarray(LENGTH_BYTES));
        for (const [position, value] of changes) content[position % content.length] = value;
        return content;
      });
    await checkProperty(
      t,
      fc.property(
        fc.oneof(
          almostFrames,
          fc.uint8Array({ maxLength: 60 }).map((random) => Buffer.from(random)),
        ),
        (content) => {
          try {
            const { kind, requestId, body } = parseFrame(content);
            assert.ok(kind.length >= 1 && kind.length <= 31);
            assert.ok(Number.isInteger(requestId) && requestId >= 0 && requestId <= 0xffff_ffff);
            assert.ok(body.length > 0 && content.subarray(-body.length).equals(body));
          } catch (error) {
            if (!(error instanceof BadFrame)) throw error;
          }
        },
      ),
      3_000,
    );
  });
});
