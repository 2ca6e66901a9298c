/** A client in another language, written from PROTOCOL.md, against a real daemon; and the vectors against both. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { waitFor } from '../harness/wait-for.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { RawClient } from '../harness/raw-client.ts';
import { tagged } from './msgpack-forms.ts';
import {
  identityVectors,
  invalidVectors,
  refusedVectors,
  rejectedVectors,
  validVectors,
  vectorsDirectory,
} from './vectors.ts';

const run = promisify(execFile);
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const python = ['python3', '/usr/bin/python3'].find((path) => spawnSync(path, ['-c', 'import msgpack']).status === 0);
const skip = python === undefined && 'neither python3 nor /usr/bin/python3 has the msgpack module (python3-msgpack)';

describe('a client in Python', { skip }, () => {
  test('finds the daemon as PROTOCOL.md describes it', async () => {
    await using daemon = await DaemonProcess.start();
    const { stdout } = await run(python ?? '', [script('conformance.py'), daemon.paths.socket], { timeout: 30_000 });
    assert.equal(stdout, 'ok\n');
  });

  test('reads every valid vector as we do, and finds the same identities', async () => {
    const { stdout } = await run(python ?? '', [script('check_vectors.py'), vectorsDirectory], { timeout: 30_000 });
    assert.deepEqual(JSON.parse(stdout), {
      valid: validVectors.length,
      events: identityVectors.events.length,
      pairs: identityVectors.pairs.length,
    });
  });
});

describe('the daemon', () => {
  let daemon: DaemonProcess;
  before(async () => {
    daemon = await DaemonProcess.start();
  });
  after(() => daemon.stop());

  test('refuses each refused request with its code, and goes on', async () => {
    const client = await RawClient.greet(daemon.paths.socket);
    const answers: unknown[] = [];
    for (const { name, hex } of refusedVectors) {
      client.sendBytes(Buffer.from(hex, 'hex'));
      const answer = await waitFor(name, () => client.frames[answers.length + 1]);
      answers.push({ name, kind: answer.kind, requestId: answer.requestId, code: codeIn(answer.body) });
    }
    const expected = refusedVectors.map(({ name, code }) => ({ name, kind: 'error', requestId: 7, code }));
    assert.deepEqual(answers, expected);
    client.send('status', 8, {});
    assert.equal((await client.answer(8)).kind, 'reply');
    client.destroy();
  });

  test('rejects each rejected event with its code, and stores its neighbours', async () => {
    const client = await RawClient.greet(daemon.paths.socket);
    const good = (timestamp: number) => [
      0x83,
      0xa4,
      ...Buffer.from('type'),
      0xa1,
      0x74,
      0xa6,
      ...Buffer.from('source'),
      0xa1,
      0x73,
      0xa9,
      ...Buffer.from('timestamp'),
      timestamp,
    ];
    const events = rejectedVectors.flatMap(({ hex }, index) => [Buffer.from(good(index)), Buffer.from(hex, 'hex')]);
    const header = Buffer.from([0x81, 0xa6, ...Buffer.from('events'), 0xdc, 0, events.length]);
    client.sendBody('record', 2, Buffer.concat([header, ...events]));
    const { kind, body } = await client.answer(2);
    assert.equal(kind, 'reply');
    const receipt = body as { stored: number; duplicate: number; rejected: { index: number; code: string }[] };
    assert.deepEqual([receipt.stored, receipt.duplicate], [rejectedVectors.length, 0]);
    assert.deepEqual(
      receipt.rejected.map(({ index, code }) => ({ name: rejectedVectors[(index - 1) / 2]?.name, code })),
      rejectedVectors.map(({ name, code }) => ({ name, code })),
    );
    client.destroy();
  });

  test('answers bytes that are no frame on the connection, and ends it', async () => {
    for (const { name, hex, error } of invalidVectors) {
      const client = await RawClient.greet(daemon.paths.socket);
      client.sendBytes(Buffer.from(hex, 'hex'));
      await client.closed();
      const [, answer, ...more] = client.frames;
      assert.deepEqual([answer?.kind, answer?.requestId, more], ['error', 0, []], name);
      assert.equal(codeIn(answer?.body), error === 'frame_too_large' ? 'too_large' : 'malformed', name);
    }
  });

  test('sends no frame over the limit, however well the events of a page were compressed', async () => {
    const client = daemon.connect({ reconnect: false });
    const text = 'a'.repeat(1_000_000);
    const events = Array.from({ length: 20 }, (_, index) => ({
      type: 't',
      source: 'compressed',
      timestamp: index,
      data: { text },
    }));
    assert.equal((await client.recordBatch(events)).stored, events.length);
    const found: number[] = [];
    for await (const { timestamp } of client.events({ order: 'asc', sources: ['compressed'] })) found.push(timestamp);
    assert.deepEqual(
      found,
      events.map(({ timestamp }) => timestamp),
    );
  });

  test('answers a frame of events with more values than are taken, and lives', async () => {
    const client = await RawClient.greet(daemon.paths.socket);
    /** An event of a million empty maps, a byte each. */
    const eventAt = (timestamp: number) =>
      Buffer.concat([
        Buffer.from('84a474797065a174a6736f75726365a173a974696d657374616d70', 'hex'),
        Buffer.from([timestamp]),
        Buffer.from('a46461746181a176', 'hex'),
        tagged(0xdd, 4, 1_000_000),
        Buffer.alloc(1_000_000, 0x80),
      ]);
    const events = Array.from({ length: 7 }, (_, index) => eventAt(index));
    client.sendBody('record', 2, Buffer.concat([Buffer.from('81a66576656e747397', 'hex'), ...events]));
    const receipt = waitFor('the receipt', () => client.frames.find(({ requestId }) => requestId === 2), 60_000);
    const ended = daemon.ended.then(({ stderr }) => assert.fail(`the daemon ended: ${stderr}`));
    const { body } = await Promise.race([receipt, ended]);
    const { rejected } = body as { rejected: { code: string }[] };
    assert.deepEqual(
      rejected.map(({ code }) => code),
      events.map(() => 'too_many_values'),
    );
    client.destroy();
  });

  test('answers the request of every vector', async () => {
    const client = await RawClient.greet(daemon.paths.socket);
    const requests = validVectors.filter(({ name }) => name.includes(' request'));
    /** They name a database that is not this one; and hello was said. */
    const refused = new Map([
      ['hello request', 'invalid_request'],
      ['hello request with a field of a later version', 'invalid_request'],
      ['query request, every field', 'invalid_cursor'],
      ['tail request behind a position', 'invalid_cursor'],
      ['tail request with a cursor name', 'invalid_cursor'],
      ['ack-cursor request', 'invalid_cursor'],
      ['mark-processed request up to a position', 'invalid_cursor'],
    ]);
    for (const { hex } of requests) client.sendBytes(Buffer.from(hex, 'hex'));
    for (const { name, requestId } of requests) {
      const answer = await waitFor(name, () => client.frames.slice(1).find((frame) => frame.requestId === requestId));
      const code = refused.get(name);
      assert.equal(answer.kind, code === undefined ? 'reply' : 'error', `${name}: ${JSON.stringify(answer.body)}`);
      assert.equal(codeIn(answer.body), code, name);
    }
    client.destroy();
  });
});

function codeIn(body: unknown): string | undefined {
  return (body as { code?: string } | undefined)?.code;
}
