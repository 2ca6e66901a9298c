import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { encode } from '../../shared/codec.ts';
import { encodeFrame } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';
import { FakeDaemon } from '../harness/fake-daemon.ts';
import { waitFor } from '../harness/wait-for.ts';
import { numbered } from './numbered-events.ts';
import { refusal } from './refusal.ts';

/** The pauses between connections, with the random part as long as it gets: at least what the backoff says. */
async function assertBacksOff(t: TestContext, daemon: FakeDaemon): Promise<void> {
  const count = 5;
  await waitFor(`${count} connections`, () => daemon.connections.length >= count);
  const opened = daemon.connections.map(({ openedMs }) => openedMs);
  const spanMs = (opened[count - 1] ?? 0) - (opened[0] ?? 0);
  t.diagnostic(`${count} connections within ${Math.round(spanMs)} ms`);
  assert.ok(spanMs >= 25 + 50 + 100 + 200 - 20, `${count} connections within ${spanMs} ms: that is a hot loop`);
}

describe('bad_version', () => {
  const script = (): Promise<FakeDaemon> =>
    FakeDaemon.start({
      onHello: (connection, frame) => {
        connection.refuse(frame.requestId, 'bad_version');
        connection.end();
      },
    });

  test('reaches ready() and every request, and nobody tries again', async () => {
    await using daemon = await script();
    const client = daemon.connect({ spool: false });
    client.record(numbered(0));
    const asked = [
      assert.rejects(client.status(), refusal('bad_version', 'says the fake daemon')),
      assert.rejects(client.recordBatch([numbered(1)]), refusal('bad_version')),
      assert.rejects(client.flush(), refusal('undelivered', ': 1', 'says the fake daemon')),
    ];
    await assert.rejects(client.ready(), refusal('bad_version', 'says the fake daemon'));
    await Promise.all(asked);
    await assert.rejects(client.close(), refusal('undelivered', ': 1'));
    assert.equal(daemon.connections.length, 1);
  });

  test('ends a tail', async () => {
    await using daemon = await script();
    const client = daemon.connect();
    await assert.rejects(client.tail().next(), refusal('bad_version'));
    await client.close();
  });
});

describe('too_many_connections', () => {
  const isFull = { now: true };
  const script = (): Promise<FakeDaemon> =>
    FakeDaemon.start({
      onConnection: (connection) => {
        if (!isFull.now) return;
        // As the daemon does: at once, as request 0, before hello is read.
        connection.refuse(0, 'too_many_connections');
        connection.end();
      },
      onRequest: (connection, frame) => connection.acknowledge(frame),
    });

  test('reaches ready() and requests at once; the link stays away for 30 to 60 s, and events wait in the spool', async (t) => {
    const pausesMs: number[] = [];
    const realTimeout = globalThis.setTimeout;
    let endPause = () => {};
    t.mock.method(globalThis, 'setTimeout', (act: () => void, ms: number) => {
      if (ms < 10_000) return realTimeout(act, ms);
      pausesMs.push(ms);
      endPause = act;
      return realTimeout(() => undefined, 0);
    });
    isFull.now = true;
    await using daemon = await script();
    const client = daemon.connect({ commitAtOnce: true });
    client.record(numbered(0));
    const status = assert.rejects(client.status(), refusal('too_many_connections'));
    await assert.rejects(client.ready(), refusal('too_many_connections', 'says the fake daemon'));
    await status;
    await waitFor('the spool', () => client.counters.spooled === 1);
    for (let n = 1; n < 20; n += 1) {
      client.record(numbered(n));
      await assert.rejects(client.status(), refusal('too_many_connections'));
      await assert.rejects(client.ready(), refusal('too_many_connections'));
    }
    await waitFor('the spool', () => client.counters.spooled === 20);
    assert.equal(daemon.connections.length, 1, 'asking does not make it knock');
    endPause();
    await waitFor('the next try', () => pausesMs.length === 2);
    assert.equal(daemon.connections.length, 2);
    assert.ok(
      pausesMs.every((ms) => ms >= 30_000 && ms <= 60_000),
      pausesMs.join(', '),
    );
    isFull.now = false;
    endPause();
    await client.flush();
    assert.equal(client.counters.stored, 20);
    assert.equal((await client.ready()).protocol, 1);
    await client.close();
  });

  test('a tail waits for the connection that there will be', async (t) => {
    const realTimeout = globalThis.setTimeout;
    let endPause: (() => void) | undefined;
    t.mock.method(globalThis, 'setTimeout', (act: () => void, ms: number) => {
      if (ms < 10_000) return realTimeout(act, ms);
      endPause = act;
      return realTimeout(() => undefined, 0);
    });
    isFull.now = true;
    await using daemon = await FakeDaemon.start({
      onConnection: (connection) => {
        if (!isFull.now) return;
        connection.refuse(0, 'too_many_connections');
        connection.end();
      },
      onRequest: (connection, frame) => {
        if (frame.kind !== 'tail') return;
        const position = { databaseId: 'fake', id: 1 };
        const event = { id: 1, type: 'a', source: 's', timestamp: 1, data: {} };
        connection.reply(frame, { position: { ...position, id: 0 } });
        connection.send('events', frame.requestId, { events: [event], damaged: [], position });
      },
    });
    const client = daemon.connect();
    const next = client.tail().next();
    await waitFor('the refusal', () => endPause !== undefined);
    isFull.now = false;
    endPause?.();
    assert.equal((await next).value?.id, 1);
    await client.close();
  });

  test('without reconnect it is what ready() and requests say', async () => {
    isFull.now = true;
    await using daemon = await script();
    const client = daemon.connect({ reconnect: false });
    const status = assert.rejects(client.status(), refusal('too_many_connections'));
    await assert.rejects(client.ready(), refusal('too_many_connections', 'says the fake daemon'));
    await status;
    await client.close();
  });
});

describe('a daemon that makes no sense', () => {
  const oversized = Buffer.alloc(8);
  oversized.writeUInt32BE(limits.frameBytes + 1);
  const nonsense: [name: string, bytes: Uint8Array][] = [
    ['an HTTP answer', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['a frame over the limit', oversized],
    ['an empty frame', Buffer.alloc(4)],
    ['a body that is no msgpack', encodeFrame('reply', 0, Buffer.from([0xc1]))],
    ['a reply of the wrong shape', encodeFrame('reply', 0, encode(['no', 'map']))],
    ['an error of the wrong shape', encodeFrame('error', 0, encode({ code: 7 }))],
  ];
  for (const [name, bytes] of nonsense) {
    test(`${name} instead of a greeting: tried again, not in a hot loop`, async (t) => {
      t.mock.method(Math, 'random', () => 0.999);
      let isMad = true;
      await using daemon = await FakeDaemon.start({
        onHello: (connection, frame) => {
          if (isMad) connection.sendBytes(bytes);
          else connection.greet(frame);
        },
        onRequest: (connection, frame) => connection.acknowledge(frame),
      });
      const client = daemon.connect({ commitAtOnce: true });
      client.record(numbered(0));
      const ready = client.ready();
      await assertBacksOff(t, daemon);
      isMad = false;
      await ready;
      await client.flush();
      assert.equal(client.counters.stored, 1);
      await client.close();
    });
  }

  test('nonsense instead of an answer: the request is sent again, not in a hot loop', async (t) => {
    t.mock.method(Math, 'random', () => 0.999);
    let isMad = true;
    await using daemon = await FakeDaemon.start({
      onRequest: (connection, frame) => {
        if (isMad) connection.sendBytes(Buffer.from('garbage, and more of it'));
        else connection.acknowledge(frame);
      },
    });
    const client = daemon.connect();
    const receipt = client.recordBatch([numbered(0)]);
    await assertBacksOff(t, daemon);
    isMad = false;
    assert.equal((await receipt).stored, 1);
    await client.close();
  });

  for (const [name, body] of [
    ['no map', 7],
    ['a map without its fields', {}],
    ['a map with wrong ones', { stored: 'one', duplicate: 0, rejected: 0, level: 'committed' }],
  ] as const) {
    test(`a receipt that is ${name} does not leave anybody waiting`, async () => {
      await using daemon = await FakeDaemon.start({
        onRequest: (connection, frame) => {
          if (daemon.framesOf('record').length === 1) connection.reply(frame, body);
          else connection.acknowledge(frame);
        },
      });
      const client = daemon.connect({ commitAtOnce: true });
      await client.ready();
      let outcome = 'none';
      void client.recordBatch([numbered(0)]).then(
        ({ stored }) => {
          outcome = `stored ${stored}`;
        },
        (error: Error) => {
          outcome = error.name;
        },
      );
      await waitFor('an end of recordBatch()', () => outcome !== 'none');
      await client.close();
    });
  }

  test('a receipt of record() that makes no sense does not leave flush() waiting', async () => {
    await using daemon = await FakeDaemon.start({
      onRequest: (connection, frame) => {
        if (daemon.framesOf('record').length === 1) connection.reply(frame, {});
        else connection.acknowledge(frame);
      },
    });
    const client = daemon.connect({ commitAtOnce: true });
    client.record(numbered(0));
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    void client.flush().then(over, over);
    await waitFor('an end of flush()', () => isOver);
    await client.close();
  });

  test('answers to requests that nobody made are passed over', async () => {
    await using daemon = await FakeDaemon.start({
      onRequest: (connection, frame) => {
        connection.send('reply', 4_711, { id: 1 });
        connection.send('events', 4_712, { events: [], position: { databaseId: 'fake', id: 1 } });
        connection.send('tomorrow', 4_713, null);
        connection.acknowledge(frame);
      },
    });
    const client = daemon.connect();
    assert.equal((await client.recordBatch([numbered(0)])).stored, 1);
    assert.equal(daemon.connections.length, 1);
    await client.close();
  });
});
