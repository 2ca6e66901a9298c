import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { packPayload, payloadText } from '../../../daemon/storage/payload.ts';
import { limits } from '../../../shared/limits.ts';
import { checkProperty } from '../../harness/property.ts';

const jsonOf = (bytes: number, letter = 'a') => `{"a":"${letter.repeat(bytes - 8)}"}`;

describe('packPayload', () => {
  test('keeps up to 1 KiB as it is and compresses from there on', () => {
    assert.equal(packPayload(jsonOf(limits.compressFromBytes)), jsonOf(limits.compressFromBytes));
    assert.ok(Buffer.isBuffer(packPayload(jsonOf(limits.compressFromBytes + 1))));
  });

  test('counts bytes, not characters', () => {
    const text = `{"a":"${'é'.repeat(509)}"}`;
    assert.equal(Buffer.byteLength(text), 1026);
    assert.ok(text.length < 1024);
    assert.ok(Buffer.isBuffer(packPayload(text)));
  });

  test('keeps the text when the gzip would not be smaller', () => {
    const text = incompressible();
    assert.ok(Buffer.byteLength(text) > limits.compressFromBytes);
    assert.ok(gzipSync(text).length >= Buffer.byteLength(text), 'the sample is good');
    assert.equal(packPayload(text), text);
  });

  test('never makes a payload larger, and loses nothing', async (t) => {
    const value = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', maxLength: 800 }));
    await checkProperty(
      t,
      fc.property(value, (data) => {
        const json = JSON.stringify(data);
        const kept = packPayload(json);
        assert.ok(Buffer.byteLength(kept) <= Buffer.byteLength(json));
        assert.equal(payloadText(kept), json);
      }),
      300,
    );
  });
});

describe('payloadText', () => {
  test('expands to the bound and not past it', () => {
    const most = Buffer.alloc(limits.payloadJsonBytes, ' ');
    assert.equal(payloadText(gzipSync(most)).length, limits.payloadJsonBytes);
    const bombs = [limits.payloadJsonBytes + 1, 64 * 1024 * 1024].map((bytes) => gzipSync(Buffer.alloc(bytes)));
    for (const bomb of bombs) assert.throws(() => payloadText(bomb), { code: 'ERR_BUFFER_TOO_LARGE' });
  });

  test('fails on what is no gzip, or is cut short', () => {
    assert.throws(() => payloadText(Buffer.from('{"a":1}')), { code: 'Z_DATA_ERROR' });
    assert.throws(() => payloadText(gzipSync(jsonOf(5000)).subarray(0, 30)), { code: 'Z_BUF_ERROR' });
  });
});

/** JSON of as much randomness a byte as UTF-8 text can hold: few bytes over the bound, so that gzip's own cost shows. */
function incompressible(): string {
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index))
    .join('')
    .replaceAll(/["\\]/g, '');
  let text = '';
  while (Buffer.byteLength(text) < limits.compressFromBytes) {
    // The share of each length is the one that makes every byte carry most: 94 one-byte, 1,920 two-byte characters…
    const draw = random(1000);
    if (draw < 810) text += printable[random(printable.length)];
    else if (draw < 955) text += String.fromCharCode(0x80 + random(0x780));
    else text += String.fromCharCode(0x800 + random(0xd000));
  }
  return JSON.stringify({ a: text });
}
