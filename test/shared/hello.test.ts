import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { wireLimits } from '../../shared/limits.ts';
import { agreeOnVersion, hello } from '../../shared/messages/hello.ts';
import { protocolVersions } from '../../shared/protocol-version.ts';

const request = { protocol: { min: 1, max: 1 }, client: { name: 'fs-capture', pid: 4711 } };
const reply = {
  protocol: 1,
  daemon: { version: '0.1.0', pid: 311 },
  databaseId: '7f3c2a10-52d1-4b64-9f0e-3a1f6f0c9b21',
  capabilities: ['record'],
  limits: { ...wireLimits },
};

describe('a hello request', () => {
  test('is read', () => assert.deepEqual(hello.parseRequest(request), request));

  test('may hold fields of a later version, at every level, and they are passed over', () => {
    const later = {
      protocol: { ...request.protocol, experimental: true },
      client: { ...request.client, arch: 'arm64' },
      capabilities: ['packed'],
      later: {},
    };
    assert.deepEqual(hello.parseRequest(later), request);
  });

  test('without a name is from somebody unnamed, and a long name is cut', () => {
    assert.equal(hello.parseRequest({ ...request, client: { pid: 0 } }).client.name, 'unnamed');
    assert.equal(hello.parseRequest({ ...request, client: { name: null, pid: 0 } }).client.name, 'unnamed');
    assert.equal(hello.parseRequest({ ...request, client: { name: 'a'.repeat(65), pid: 0 } }).client.name.length, 64);
  });

  for (const [field, body] of [
    ['protocol', { client: request.client }],
    ['protocol', { ...request, protocol: 1 }],
    ['protocol', { ...request, protocol: [1, 1] }],
    ['min', { ...request, protocol: { max: 1 } }],
    ['min', { ...request, protocol: { min: 0, max: 1 } }],
    ['min', { ...request, protocol: { min: 1.5, max: 2 } }],
    ['min', { ...request, protocol: { min: '1', max: 1 } }],
    ['max', { ...request, protocol: { min: 1 } }],
    ['max', { ...request, protocol: { min: 1, max: 65_536 } }],
    ['client', { protocol: request.protocol }],
    ['client', { ...request, client: 'fs-capture' }],
    ['name', { ...request, client: { name: 5, pid: 1 } }],
    ['pid', { ...request, client: { name: 'x' } }],
    ['pid', { ...request, client: { name: 'x', pid: -1 } }],
    ['pid', { ...request, client: { name: 'x', pid: 1.5 } }],
    ['pid', { ...request, client: { name: 'x', pid: Number.NaN } }],
  ] as const) {
    test(`is refused for its ${field}: ${JSON.stringify(body)}`, () => {
      assert.throws(() => hello.parseRequest(body), { code: 'invalid_request', message: new RegExp(`\\b${field}\\b`) });
    });
  }

  test('is refused when it is no map', () => {
    for (const body of [null, undefined, 1, 'hello', [], [request]]) {
      assert.throws(() => hello.parseRequest(body), { code: 'invalid_request', message: /map/ });
    }
  });
});

describe('a hello reply', () => {
  test('is read, and what is new in it passed over', () => {
    assert.deepEqual(hello.parseReply(reply), reply);
    assert.deepEqual(hello.parseReply({ ...reply, later: 1, daemon: { ...reply.daemon, later: 1 } }), reply);
    assert.deepEqual(
      hello.parseReply({ ...reply, limits: { ...wireLimits, laterBytes: 7 } }).limits.eventBytes,
      1_048_576,
    );
  });

  for (const [field, body] of [
    ['protocol', { ...reply, protocol: 0 }],
    ['daemon', { ...reply, daemon: null }],
    ['version', { ...reply, daemon: { pid: 1 } }],
    ['pid', { ...reply, daemon: { version: '1' } }],
    ['databaseId', { ...reply, databaseId: undefined }],
    ['capabilities', { ...reply, capabilities: 'record' }],
    ['limits', { ...reply, limits: [] }],
    ['frameBytes', { ...reply, limits: { ...wireLimits, frameBytes: 0 } }],
    ['eventBytes', { ...reply, limits: { ...wireLimits, eventBytes: '1' } }],
    ['eventsPerFrame', { ...reply, limits: { frameBytes: 1, eventBytes: 1 } }],
  ] as const) {
    test(`is refused for its ${field}: ${JSON.stringify(body).slice(0, 60)}`, () => {
      assert.throws(() => hello.parseReply(body), { code: 'invalid_request', message: new RegExp(`\\b${field}\\b`) });
    });
  }
});

describe('agreeOnVersion', () => {
  const { min, max } = protocolVersions;

  test('is the highest version that both speak', () => {
    assert.equal(agreeOnVersion({ min, max }), max);
    assert.equal(agreeOnVersion({ min: 1, max: 65_535 }), max);
    assert.equal(agreeOnVersion({ min: max, max: max + 1 }), max);
    assert.equal(agreeOnVersion({ min: 1, max: min }), min);
  });

  test('fails with both ranges when there is none', () => {
    for (const offered of [
      { min: max + 1, max: max + 3 },
      { min: 2, max: 1 },
      { min: 65_535, max: 65_535 },
    ]) {
      assert.throws(() => agreeOnVersion(offered), {
        code: 'bad_version',
        message: new RegExp(`${min} to ${max}.*${offered.min} to ${offered.max}`),
      });
    }
  });
});
