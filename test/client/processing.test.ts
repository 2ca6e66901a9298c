import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Client } from '../../client/index.ts';
import { limits } from '../../shared/limits.ts';
import { daybook, rowsOf } from '../harness/command-line.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { countTo, numberedFrom, numbersOf } from './numbered-events.ts';

/** More than one page of a mark. */
const COUNT = 2_500;

let daemon: DaemonProcess;
let client: Client;
before(async () => {
  daemon = await DaemonProcess.start();
  client = daemon.connect();
  await client.recordBatch(numberedFrom(0, COUNT));
  await client.recordBatch([{ type: 'other', source: 's', timestamp: 1 }]);
});
after(() => daemon.stop());

const left = async () =>
  numbersOf(await Array.fromAsync(client.events({ processed: false, types: ['note'], order: 'asc' })));

describe('markProcessed', () => {
  test('by ids: what changed is counted, what is not there is passed over', async () => {
    assert.equal(await client.markProcessed([1, 2, 3, 99_999]), 3);
    assert.equal(await client.markProcessed([3, 4]), 1);
    assert.deepEqual(await left(), countTo(COUNT).slice(4));
    assert.equal(await client.markProcessed([4, 5], { processed: false }), 1);
    assert.deepEqual((await left())[0], 3);
    assert.equal(await client.markProcessed([]), 0);
    const many = Array.from({ length: limits.idsPerMark + 1 }, () => 1);
    assert.equal(await client.markProcessed(many), 0);
  });

  test('up to a position: only what matches, and nothing behind it', async () => {
    const { databaseId } = await client.ready();
    const upTo = { databaseId, id: COUNT - 100 };
    assert.equal(
      await client.markProcessed({ upTo, types: ['note'], where: [{ path: ['data', 'n'], op: '<', value: 10 }] }),
      7,
    );
    assert.equal(await client.markProcessed({ upTo, types: ['note'] }), COUNT - 100 - 10);
    assert.deepEqual(await left(), countTo(COUNT).slice(COUNT - 100));
    assert.equal(await client.markProcessed({ upTo, types: ['other'] }), 0);
    assert.equal(await client.markProcessed({ upTo: { databaseId, id: 1e9 } }), 101);
    await assert.rejects(client.markProcessed({ upTo: { databaseId: 'another', id: 1 } }), { code: 'invalid_cursor' });
    assert.equal(await client.markProcessed({ upTo: { databaseId, id: 1e9 } }, { processed: false }), COUNT + 1);
  });

  test('on the command line, and after kill -9', async () => {
    const run = (...args: string[]) => daybook(daemon.home, args);
    assert.equal((await run('mark-processed', '1', '2')).stdout, '2 marks have changed\n');
    await client.tail({ cursorName: 'worker' }).next();
    const { databaseId } = await client.ready();
    await client.acknowledge('worker', { databaseId, id: 7 });
    assert.deepEqual(rowsOf((await run('mark-processed', '--up-to-cursor', 'worker', '--json')).stdout), [
      { marked: 5 },
    ]);
    const upTo = await run('mark-processed', '--up-to', String(COUNT - 2), '--type', 'note');
    assert.equal(upTo.stdout, '2,491 marks have changed\n');
    for (const args of [[], ['x'], ['0'], ['1', '--up-to', '3'], ['1', '--type', 'a'], ['--up-to-cursor', 'nobody']]) {
      assert.equal((await run('mark-processed', ...args)).exitCode, 2, args.join(' '));
    }
    await daemon.kill('SIGKILL');
    await client.close();
    daemon = await DaemonProcess.start({ home: daemon.home });
    client = daemon.connect();
    assert.deepEqual(await left(), [COUNT - 2, COUNT - 1]);
    const list = await daybook(daemon.home, ['list', '--unprocessed', '--type', 'note', '--json']);
    assert.equal(rowsOf(list.stdout).length, 2);
    assert.equal((await daybook(daemon.home, ['mark-processed', '7', '--undo'])).stdout, '1 mark has changed\n');
  });
});

describe('patterns', () => {
  test('are listed, filtered and paged', async () => {
    for (let n = 0; n < 30; n += 1) {
      const embryo = n % 2 === 0 ? { embryoId: 'e' } : {};
      const event = n < 5 ? { eventId: n + 1 } : {};
      const patternData = JSON.stringify({ n });
      await client.storePattern({ patternType: `t${n % 3}`, confidence: n / 30, patternData, ...embryo, ...event });
    }
    const numbers = async (query: Parameters<Client['patterns']>[0]) =>
      (await Array.fromAsync(client.patterns(query))).map(
        ({ patternData }) => (JSON.parse(patternData) as { n: number }).n,
      );
    assert.deepEqual(await numbers({}), countTo(30).toReversed());
    assert.deepEqual(await numbers({ order: 'asc', limit: 3 }), [0, 1, 2]);
    assert.deepEqual(await numbers({ types: ['t0'], minConfidence: 0.5, embryoId: 'e', order: 'asc' }), [18, 24]);
    assert.deepEqual(await numbers({ eventId: 4 }), [3]);
    const [page] = await Array.fromAsync(client.patternPages({ limit: 10 }));
    assert.deepEqual(await numbers({ cursor: page?.cursor ?? '', limit: 2 }), [19, 18]);
    await assert.rejects(numbers({ cursor: page?.cursor ?? '', order: 'asc' }), { code: 'invalid_cursor' });
    await assert.rejects(numbers({ cursor: 'x' }), { code: 'invalid_cursor' });
    const [first] = await Array.fromAsync(client.patterns({ limit: 1 }));
    assert.ok(Math.abs((first?.created ?? 0) - Date.now() / 1000) < 60);
  });

  test('on the command line', async () => {
    const run = (...args: string[]) => daybook(daemon.home, ['patterns', ...args]);
    const added = await run(
      'add',
      'habit',
      '--confidence',
      '0.25',
      '--data',
      '{"a":1}',
      '--event',
      '3',
      '--embryo',
      'e9',
    );
    assert.deepEqual([added.exitCode, added.stderr], [0, '']);
    const [pattern] = rowsOf<object>((await run('--type', 'habit', '--json')).stdout);
    assert.partialDeepStrictEqual(pattern, {
      id: Number(added.stdout),
      eventId: 3,
      patternType: 'habit',
      confidence: 0.25,
      patternData: '{"a":1}',
      embryoId: 'e9',
    });
    assert.match((await run('--embryo', 'e9', '--event', '3')).stdout, /habit +0\.25 +3 +e9 +\{"a":1\}\n$/);
    assert.equal((await run('--min-confidence', '1')).stdout, 'no patterns match\n');
    const part = await run('--limit', '2');
    assert.match(part.stderr, /there is more: add --limit all, or --cursor \S+\n/);
    for (const args of [
      ['--min-confidence', 'x'],
      ['add', 'a', '--confidence', '2'],
      ['add', 'a', '--confidence', '1', '--data', '{'],
    ]) {
      assert.equal((await run(...args)).exitCode, 2, args.join(' '));
    }
  });
});

describe('samples', () => {
  test('of now have the figures of the daemon, and of the client only what it said', async () => {
    const id = await client.storeSample({ active_embryos: 3, avg_fitness: 0.5 });
    const [sample] = await Array.fromAsync(client.samples());
    assert.equal(sample?.id, id);
    assert.partialDeepStrictEqual(sample, { total_events: COUNT + 1, active_embryos: 3, avg_fitness: 0.5 });
    assert.ok((sample?.storage_mb ?? 0) > 0.1 && (sample?.events_per_second ?? -1) >= 0);
    assert.ok(Math.abs((sample?.timestamp ?? 0) - Date.now() / 1000) < 60);
  });

  test('from elsewhere are stored as they are, once', async () => {
    const given = { timestamp: 1_000.5, total_events: 7 };
    const id = await client.storeSample(given);
    assert.equal(await client.storeSample(given), id);
    assert.notEqual(await client.storeSample({ ...given, storage_mb: 1 }), id);
    const [first, ...others] = await Array.fromAsync(client.samples({ until: 2_000, order: 'asc' }));
    const nothing = { events_per_second: null, active_embryos: null, avg_fitness: null, storage_mb: null };
    assert.deepEqual(first, { ...given, ...nothing, id });
    assert.equal(others.length, 1);
    const rows = rowsOf<{ id: number }>((await daybook(daemon.home, ['samples', '--until', '2000', '--json'])).stdout);
    assert.deepEqual(
      rows.map((row) => row.id),
      [others[0]?.id, id],
    );
    const table = (await daybook(daemon.home, ['samples', '--until', '2000', '--limit', '1'])).stdout;
    assert.match(table, /^time +events +events\/s +MiB +embryos +fitness\n.* 7 +- +1\.0 +- +-\n$/);
  });
});
