import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { encode } from '../../../shared/codec.ts';
import type { ErrorCode } from '../../../shared/errors.ts';
import { limits, wireLimits } from '../../../shared/limits.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { Entries, nested, pack, Raw, rawText } from '../../harness/msgpack.ts';
import { RawClient } from '../../harness/raw-client.ts';

const client = { name: 'raw', pid: process.pid };
const requestKinds = ['record', 'flush', 'store-pattern', 'query', 'stats', 'status', 'tail', 'tail-stop', 'verify'];

let daemon: DaemonProcess;
let shared: RawClient;
let nextId = 100;
before(async () => {
  daemon = await DaemonProcess.start();
  shared = await RawClient.greet(daemon.paths.socket);
});
after(() => daemon.stop());

/** What a request with this body is refused with. All on one connection, so each shows that it outlived the last. */
async function refusalOf(kind: string, body: Uint8Array): Promise<{ code: ErrorCode; message: string }> {
  const id = (nextId += 1);
  shared.sendBody(kind, id, body);
  const answer = await shared.answer(id);
  assert.equal(answer.kind, 'error', JSON.stringify(answer.body));
  return answer.body as { code: ErrorCode; message: string };
}

describe('hello', () => {
  test('is answered with what a client must know', async () => {
    const raw = await RawClient.open(daemon.paths.socket);
    raw.send('hello', 7, { protocol: { min: 1, max: 9 }, client, capabilities: ['later'], later: true });
    const { kind, body } = await raw.answer(7);
    assert.equal(kind, 'reply');
    const { protocol, daemon: who, databaseId, limits: told } = body as Record<string, unknown>;
    assert.deepEqual([protocol, (who as { pid: number }).pid], [1, daemon.process.pid]);
    assert.match(String(databaseId), /^[0-9a-f-]{36}$/);
    assert.deepEqual(told, wireLimits);
    raw.destroy();
  });

  test('said twice is refused, and the connection goes on', async () => {
    const raw = await RawClient.greet(daemon.paths.socket);
    raw.send('hello', 8, { protocol: { min: 1, max: 1 }, client });
    assert.equal(((await raw.answer(8)).body as { code: string }).code, 'invalid_request');
    raw.send('status', 9, {});
    assert.equal((await raw.answer(9)).kind, 'reply');
    raw.destroy();
  });

  for (const kind of [...requestKinds, 'unknown']) {
    test(`must come before ${kind}`, async () => {
      const raw = await RawClient.open(daemon.paths.socket);
      raw.send(kind, 5, {});
      raw.send('hello', 6, { protocol: { min: 1, max: 1 }, client });
      await raw.closed();
      assert.deepEqual(
        raw.frames.map(({ requestId, body }) => [requestId, (body as { code: string }).code]),
        [[0, 'hello_required']],
      );
    });
  }

  const refused: [what: string, body: unknown, code: ErrorCode, message: RegExp][] = [
    ['a later protocol', { protocol: { min: 2, max: 3 }, client }, 'bad_version', /protocol 1 to 1, the client 2 to 3/],
    ['a range the wrong way round', { protocol: { min: 3, max: 1 }, client }, 'bad_version', /1 to 1/],
    ['protocol 0', { protocol: { min: 0, max: 1 }, client }, 'invalid_request', /min/],
    ['no protocol', { client }, 'invalid_request', /map/],
    ['no client', { protocol: { min: 1, max: 1 } }, 'invalid_request', /map/],
    ['a pid that is text', { protocol: { min: 1, max: 1 }, client: { pid: '1' } }, 'invalid_request', /pid/],
    ['a list', [1], 'invalid_request', /map/],
    ['0xc1', new Raw('c1'), 'malformed', /0xc1/],
  ];
  for (const [what, body, code, message] of refused) {
    test(`with ${what} is refused with the reason, and ends the connection`, async () => {
      const raw = await RawClient.open(daemon.paths.socket);
      raw.sendBody('hello', 6, pack(body));
      raw.send('status', 7, {});
      await raw.closed();
      assert.equal(raw.frames.length, 1);
      const [frame] = raw.frames;
      assert.equal(frame?.requestId, 6);
      const refusal = frame.body as { code: string; message: string };
      assert.equal(refusal.code, code);
      assert.match(refusal.message, message);
    });
  }

  test('with a version that we do not speak says which we do, whatever the rest', async () => {
    const raw = await RawClient.open(daemon.paths.socket);
    raw.sendBody(
      'hello',
      6,
      pack({ protocol: { min: 2, max: 2 }, client: { name: 'x'.repeat(1000), pid: 1, later: [] } }),
    );
    await raw.closed();
    assert.equal((raw.frames[0]?.body as { code: string }).code, 'bad_version');
  });
});

describe('a request that cannot be', () => {
  const everywhere: [what: string, body: Buffer, code: ErrorCode][] = [
    ['is no msgpack', Buffer.from([0xc1]), 'malformed'],
    ['is cut short', Buffer.from([0x81, 0xa1]), 'malformed'],
    ['has bytes behind it', Buffer.concat([encode({}), Buffer.from([0])]), 'malformed'],
    ['is a list', encode([]), 'invalid_request'],
    ['is nil', encode(null), 'invalid_request'],
    ['has an unknown field', encode({ later: 1 }), 'invalid_request'],
    ['has a key that is no text', pack(new Entries([[1, 1]])), 'invalid_request'],
    ['holds an extension', pack({ a: new Raw('d4ff00') }), 'invalid_request'],
    ['holds invalid UTF-8', pack({ a: rawText(Buffer.from([0xff])) }), 'invalid_request'],
    ['is nested without end', pack({ a: nested(30_000) }), 'invalid_request'],
    ['promises more than it has', Buffer.from('dfffffffff', 'hex'), 'malformed'],
    ['is too large', encode({ a: 'x'.repeat(limits.controlBodyBytes) }), 'too_large'],
  ];
  for (const kind of requestKinds.filter((each) => each !== 'record')) {
    test(`is refused and the connection lives: ${kind}`, async () => {
      for (const [what, body, code] of everywhere) assert.equal((await refusalOf(kind, body)).code, code, what);
    });
  }

  test('is of a kind that nobody knows', async () => {
    for (const kind of ['forgive', 'reply', 'error', 'toString', '__proto__', 'HELLO', 'x'.repeat(31)]) {
      const { code, message } = await refusalOf(kind, encode({}));
      assert.equal(code, 'unknown_kind');
      assert.match(message, new RegExp(kind));
    }
  });

  const many = (count: number) => Array.from({ length: count }, (_, n) => String(n));
  const other = { databaseId: '00000000-0000-4000-8000-000000000000', id: 0 };
  const bodies: [kind: string, body: unknown, code: ErrorCode, message: RegExp][] = [
    ['record', { events: [], later: 1 }, 'invalid_request', /fields/],
    ['record', [], 'invalid_request', /map/],
    ['record', { events: many(limits.eventsPerFrame + 1) }, 'too_large', /10001/],
    ['query', { limit: 0 }, 'invalid_request', /limit/],
    ['query', { limit: limits.pageRows + 1 }, 'invalid_request', /limit/],
    ['query', { limit: 1.5 }, 'invalid_request', /limit/],
    ['query', { limit: '5' }, 'invalid_request', /limit/],
    ['query', { limit: new Raw('cfffffffffffffffff') }, 'invalid_request', /./],
    ['query', { order: 'up' }, 'invalid_request', /order/],
    ['query', { order: 'constructor' }, 'invalid_request', /order/],
    ['query', { filter: { type: 'a' } }, 'invalid_request', /"type"/],
    ['query', { filter: [] }, 'invalid_request', /map/],
    ['query', { filter: { types: [] } }, 'invalid_request', /types/],
    ['query', { filter: { types: many(limits.filterValues + 1) } }, 'invalid_request', /64/],
    ['query', { filter: { sources: [1] } }, 'invalid_request', /sources/],
    ['query', { filter: { actions: { a: 1 } } }, 'invalid_request', /actions/],
    ['query', { filter: { since: 'yesterday' } }, 'invalid_request', /since/],
    ['query', { filter: { until: Number.NaN } }, 'invalid_request', /./],
    ['query', { cursor: 5 }, 'invalid_request', /cursor/],
    ['query', { cursor: 'garbage' }, 'invalid_cursor', /not a cursor/],
    ['query', { maxId: -1 }, 'invalid_request', /maxId/],
    ['tail', { after: 5 }, 'invalid_request', /map/],
    ['tail', { after: { id: 5 } }, 'invalid_request', /databaseId/],
    ['tail', { after: other }, 'invalid_cursor', /another database/],
    ['tail', { filter: { later: 1 } }, 'invalid_request', /later/],
    ['tail-stop', {}, 'invalid_request', /tail/],
    ['tail-stop', { tail: -1 }, 'invalid_request', /tail/],
    ['store-pattern', { patternType: 'p', confidence: 1.1, patternData: '{}' }, 'invalid_request', /confidence/],
    ['store-pattern', { patternType: '', confidence: 1, patternData: '{}' }, 'invalid_request', /patternType/],
    ['store-pattern', { patternType: 'p', confidence: 1, patternData: '{' }, 'invalid_request', /JSON/],
    ['store-pattern', { patternType: 'p', confidence: 1, patternData: {} }, 'invalid_request', /patternData/],
    ['store-pattern', { patternType: 'p', confidence: 1, patternData: '{}', eventId: 0 }, 'invalid_request', /eventId/],
  ];
  for (const [kind, body, code, message] of bodies) {
    test(`names what is wrong: ${kind} ${JSON.stringify(body).slice(0, 60)}`, async () => {
      const refusal = await refusalOf(kind, pack(body));
      assert.equal(refusal.code, code);
      assert.match(refusal.message, message);
    });
  }

  test('is a tail that starts ahead of the database', async () => {
    const raw = await RawClient.greet(daemon.paths.socket);
    const { databaseId } = (await raw.answer(1)).body as { databaseId: string };
    raw.send('tail', 2, { after: { databaseId, id: 1_000_000 } });
    assert.equal(((await raw.answer(2)).body as { code: string }).code, 'invalid_cursor');
    raw.destroy();
  });
});

describe('requests', () => {
  test('of one connection are all answered, each under its own id, however many come at once', async () => {
    const raw = await RawClient.greet(daemon.paths.socket);
    const count = 5 * limits.requestsPerConnection;
    const kinds = ['query', 'stats', 'status', 'flush', 'tail-stop'];
    for (let id = 0; id < count; id += 1) {
      const kind = kinds[id % kinds.length] ?? 'status';
      raw.send(kind, 100 + id, kind === 'tail-stop' ? { tail: 9 } : {});
    }
    for (let id = 0; id < count; id += 1) assert.equal((await raw.answer(100 + id)).kind, 'reply');
    raw.destroy();
  });

  test('with defaults mean the newest hundred events', async () => {
    const events = Array.from({ length: 150 }, (_, timestamp) => ({ type: 'a', source: 'b', timestamp }));
    await daemon.connect().recordBatch(events);
    const raw = await RawClient.greet(daemon.paths.socket);
    raw.send('query', 5, {});
    const { events: found } = (await raw.answer(5)).body as { events: { timestamp: number }[] };
    assert.deepEqual(
      found.map(({ timestamp }) => timestamp),
      Array.from({ length: 100 }, (_, index) => 149 - index),
    );
    raw.destroy();
  });
});
