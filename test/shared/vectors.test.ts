import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decode, encode } from '../../shared/codec.ts';
import type { Json } from '../../shared/event.ts';
import { FrameDecoder } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';
import { MsgpackScanner, scanProblems } from '../../shared/msgpack-scanner.ts';
import { type EventRow, hashOf } from '../../daemon/storage/event-row.ts';
import { canonicalJson } from '../../daemon/prepare/canonical-json.ts';
import type { NamedEvents } from '../../daemon/writer/name-events.ts';
import { eventRows, plainRow } from '../harness/event-rows.ts';
import { preparedRows } from '../harness/prepared.ts';
import { TemporaryDatabase } from '../harness/temporary-database.ts';
import { withoutMinusZero } from './json-values.ts';
import { encodeInSomeForm } from './msgpack-forms.ts';
import { identityVectors, invalidVectors, rejectedVectors, validVectors } from './vectors.ts';

let database: TemporaryDatabase;
before(() => {
  database = new TemporaryDatabase();
});
after(() => database[Symbol.dispose]());

/** What the writer makes of a record request with this one event in it. */
function prepareOne(event: Uint8Array): NamedEvents {
  const body = Buffer.concat([Buffer.from('81a66576656e747391', 'hex'), event]);
  return preparedRows(body, database.names, 0);
}

/** The row that is stored for an event. */
function rowOf(event: Uint8Array): EventRow {
  const { rows, rejected } = prepareOne(event);
  assert.deepEqual(rejected, []);
  const [row] = rows;
  assert.ok(row !== undefined);
  return row;
}

describe('valid frames', () => {
  const scanner = new MsgpackScanner(limits.nestingDepth);
  for (const { name, hex, kind, requestId, body } of validVectors) {
    test(name, () => {
      const frames = [...new FrameDecoder(limits.frameBytes).push(Buffer.from(hex, 'hex'))];
      assert.equal(frames.length, 1);
      const [frame] = frames;
      assert.ok(frame !== undefined);
      assert.deepEqual({ kind: frame.kind, requestId: frame.requestId }, { kind, requestId });
      scanner.scan(frame.body, 0);
      assert.deepEqual([scanner.end, scanner.problem], [frame.body.length, scanProblems.none]);
      assert.deepStrictEqual(decode(frame.body), body);
      assert.deepStrictEqual(decode(encode(body)), withoutMinusZero(body as Json), 'encoded again');
    });
  }
});

describe('bytes that are no frame', () => {
  for (const { name, hex, error } of invalidVectors) {
    test(`${name}: ${error}`, () => {
      const decoder = new FrameDecoder(limits.frameBytes);
      assert.throws(() => [...decoder.push(Buffer.from(hex, 'hex'))], { name: 'BadFrame', reason: error });
    });
  }

  test('every reason has a vector', () => {
    const reasons = new Set(invalidVectors.map(({ error }) => error));
    assert.deepEqual([...reasons].toSorted(), ['bad_header', 'frame_empty', 'frame_too_large', 'no_body']);
  });
});

describe('identity', () => {
  for (const { name, event, text, hash } of identityVectors.events) {
    test(name, () => {
      assert.equal(canonicalJson({ action: null, data: {}, ...event }).text, text);
      assert.equal(hashOf(rowOf(encodeInSomeForm(event, [0]).bytes)).toString('hex'), hash);
    });
  }

  for (const { name, equal, a, b } of identityVectors.pairs) {
    test(`${name}: ${equal ? 'the same' : 'different'}`, () => {
      const rows = [a, b].map((hex) => rowOf(Buffer.from(hex, 'hex')));
      const [first, second] = rows.map((row) => hashOf(row).toString('hex'));
      assert.equal(first === second, equal);
      database.store.begin('normal');
      const { stored, duplicate } = database.store.append(eventRows(rows.map(plainRow)), 0);
      database.store.rollback();
      assert.deepEqual({ stored, duplicate }, equal ? { stored: 1, duplicate: 1 } : { stored: 2, duplicate: 0 });
    });
  }
});

describe('rejected events', () => {
  for (const { name, hex, code } of rejectedVectors) {
    test(`${name}: ${code}`, () => {
      const { rows, rejected } = prepareOne(Buffer.from(hex, 'hex'));
      assert.deepEqual(
        rejected.map((rejection) => [rejection.index, rejection.code]),
        [[0, code]],
      );
      assert.deepEqual(rows, []);
    });
  }
});
