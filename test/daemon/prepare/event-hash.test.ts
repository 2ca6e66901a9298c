import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { hashBytes, writeEventHash } from '../../../daemon/prepare/event-hash.ts';
import { checkProperty } from '../../harness/property.ts';

function eventHash(timestamp: number, type: string, source: string, action: string | null, data: string): Buffer {
  // Neighbours show whether it stays in its place.
  const memory = Buffer.alloc(3 * hashBytes, 0xee);
  writeEventHash(memory.subarray(hashBytes, 2 * hashBytes), timestamp, type, source, action, data);
  for (const neighbour of [memory.subarray(0, hashBytes), memory.subarray(2 * hashBytes)]) {
    assert.ok(neighbour.every((byte) => byte === 0xee));
  }
  return memory.subarray(hashBytes, 2 * hashBytes);
}

describe('writeEventHash', () => {
  test('is the documented one, for ever: stored events are recognised by it', () => {
    // printf '%s' '{"action":"create","data":{"a":1},"source":"fs","timestamp":1700000000.5,"type":"file_op"}' | sha256sum
    assert.equal(
      eventHash(1_700_000_000.5, 'file_op', 'fs', 'create', '{"a":1}').toString('hex'),
      '24090f9824169d5590da8e1de0dff84e',
    );
    assert.equal(eventHash(0, 'a', 'b', null, '{}').toString('hex'), '71ce24349daac9fed167562bfcecbd61');
  });

  test('tells apart events that differ in one field', () => {
    const hashes = [
      eventHash(1, 'a', 'b', 'c', '{}'),
      eventHash(1.000_000_1, 'a', 'b', 'c', '{}'),
      eventHash(1, 'a2', 'b', 'c', '{}'),
      eventHash(1, 'b', 'a', 'c', '{}'),
      eventHash(1, 'a', 'b', '', '{}'),
      eventHash(1, 'a', 'b', null, '{}'),
      eventHash(1, 'a', 'b', 'null', '{}'),
      eventHash(1, 'a', 'b', 'c', '{"a":1}'),
    ].map((hash) => hash.toString('hex'));
    assert.equal(new Set(hashes).size, hashes.length);
  });

  test('covers a JSON document, so no field can pass for another', async (t) => {
    const name = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('","type":"', '"', '\\', '{"a":1}'));
    await checkProperty(
      t,
      fc.property(name, name, fc.option(name), (type, source, action) => {
        const text = `{"action":${JSON.stringify(action)},"data":{},"source":${JSON.stringify(source)},"timestamp":5,"type":${JSON.stringify(type)}}`;
        assert.deepEqual(JSON.parse(text), { action, data: {}, source, timestamp: 5, type });
        const expected = createHash('sha256').update(text).digest().subarray(0, 16);
        assert.deepEqual(eventHash(5, type, source, action, '{}'), expected);
      }),
      200,
    );
  });
});
