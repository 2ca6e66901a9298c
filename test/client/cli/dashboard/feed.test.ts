import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Client, connect, connectWithNet } from '../../../../client/index.ts';
import { Feed } from '../../../../client/cli/dashboard/feed.ts';
import { DaemonProcess } from '../../../harness/daemon-process.ts';
import { waitFor } from '../../../harness/wait-for.ts';

/** A feed of one daemon, and what it has asked of it. */
async function startFeed(daemon: DaemonProcess) {
  const asked = new Map<string, number>();
  const open = async (): Promise<Client> => {
    const client = connect({
      socketPath: daemon.paths.socket,
      clientName: 'dashboard',
      transport: connectWithNet,
      reconnect: false,
      spool: false,
    });
    await client.ready();
    for (const kind of ['status', 'stats', 'count', 'page', 'tail', 'sources'] as const) {
      const ask = client[kind].bind(client) as (...args: unknown[]) => unknown;
      Object.assign(client, {
        [kind]: (...args: unknown[]) => {
          asked.set(kind, (asked.get(kind) ?? 0) + 1);
          return ask(...args);
        },
      });
    }
    return client;
  };
  const feed = new Feed({ open, onChange: () => undefined, latest: 10, pace: { busyMs: 50, share: 1 } });
  const ended = feed.run();
  return {
    feed,
    asked,
    [Symbol.asyncDispose]: async () => {
      feed.stop();
      await ended;
    },
  };
}

const events = (count: number, type: string, source: string) =>
  Array.from({ length: count }, (_, n) => ({ type, source, timestamp: Date.now() / 1000 - n / 1e4, data: { n } }));

describe('the feed of the dashboard', () => {
  test('has all figures, follows what comes, and samples when too much does', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch([...events(4, 'note', 'me'), ...events(2, 'mail', 'box')]);
    await client.storeSample({ active_embryos: 12 });
    await client.storePattern({ patternType: 'routine', confidence: 0.5, patternData: '{}' });
    await using started = await startFeed(daemon);
    const { feed, asked } = started;

    await waitFor(
      'all figures',
      () => feed.figures.minutes?.events.every((count) => count !== null) && feed.figures.learning,
    );
    const { capture, types, sources, learning, daemon: process, performance, minutes } = feed.figures;
    assert.equal(feed.state, 'live');
    assert.partialDeepStrictEqual(capture, { events: 6, patterns: 1, stored: 6, duplicate: 0, rejected: 0 });
    assert.deepEqual(
      types?.map(({ type, events: count }) => [type, count]),
      [
        ['note', 4],
        ['mail', 2],
      ],
    );
    assert.deepEqual(
      sources?.map(({ source, state }) => [source, state]),
      [
        ['box', 'live'],
        ['me', 'live'],
      ],
    );
    assert.equal(learning?.active_embryos?.value, 12);
    assert.deepEqual([learning?.average_fitness, learning?.latest_pattern?.patternType], [null, 'routine']);
    assert.equal(process?.pid, daemon.process.pid);
    assert.ok(performance !== null);
    assert.equal(
      minutes?.events.reduce((sum: number, count) => sum + (count ?? 0), 0),
      6,
    );
    assert.equal(feed.figures.latest?.length, 6);

    // By the tail alone: nothing is asked for them.
    const pages = asked.get('page');
    await client.recordBatch(events(1, 'urgent', 'me'));
    await waitFor('the event', () => feed.figures.latest?.some(({ type }) => type === 'urgent'));
    await waitFor('its count', () => feed.figures.types?.some(({ type }) => type === 'urgent'));
    assert.equal(asked.get('page'), pages);

    feed.filter = 'BOX';
    await waitFor('events of the box', () => feed.figures.latest?.length === 2);
    assert.ok(feed.figures.latest?.every(({ source }) => source === 'box'));
    feed.filter = '';
    await waitFor('all events', () => feed.figures.latest?.length === 7);

    await client.recordBatch(events(5_000, 'flood', 'pipe'));
    await waitFor('no tail', async () => (await client.status()).tails === 0);
    await waitFor('all counted', () => feed.figures.capture?.events === 5_007);
    assert.equal(feed.figures.latest?.length, 10);
    assert.ok(feed.figures.latest.every(({ type }) => type === 'flood'));
    await waitFor('a tail again', async () => (await client.status()).tails === 1);
  });

  test('paused it asks nothing; of a daemon that is gone it keeps what it knew, and finds the next one', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch(events(3, 'note', 'me'));
    await using started = await startFeed(daemon);
    const { feed } = started;
    await waitFor('figures', () => feed.figures.capture?.events === 3);

    feed.isPaused = true;
    await waitFor('only the other client', async () => (await client.status()).connections === 1);
    assert.equal(feed.state, 'live');
    feed.isPaused = false;
    await waitFor('the feed', async () => (await client.status()).connections === 2);

    const before = feed.asOf;
    await daemon.kill('SIGKILL');
    await waitFor('the loss', () => feed.state === 'lost');
    assert.equal(feed.figures.capture?.events, 3);
    assert.ok(before !== null && feed.asOf !== null && feed.asOf >= before);
    await using next = await DaemonProcess.start({ home: daemon.home });
    await waitFor('the next daemon', () => feed.state === 'live' && feed.figures.daemon?.pid === next.process.pid);
    assert.equal(feed.figures.capture?.events, 3);
  });

  test('a daemon that stores nothing has only what it knows', async () => {
    await using daemon = await DaemonProcess.start({ config: { enable_persistence: false } });
    await using started = await startFeed(daemon);
    const { feed } = started;
    await waitFor('its status', () => feed.figures.daemon?.stores === false);
    await daemon.connect().recordBatch(events(2, 'note', 'me'));
    await waitFor('what passes', () => feed.figures.latest?.length === 2);
    const { capture, types, minutes } = feed.figures;
    assert.deepEqual([capture, types, minutes], [null, null, null]);
  });
});
