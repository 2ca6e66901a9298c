import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { waitFor } from '../../harness/wait-for.ts';
import { countTo, numbered, numberedFrom } from '../numbered-events.ts';
import { endOf, kill, SpoolStage } from './spool-stage.ts';

describe('events recorded while the daemon is away', () => {
  test('are on disk at the end of the turn, and arrive once and in order when it is back', async () => {
    await using stage = new SpoolStage();
    const daemon = await stage.startDaemon();
    const client = stage.connect({ commitAtOnce: true });
    await client.ready();
    for (const event of numberedFrom(0, 500)) client.record(event);
    await client.flush();
    assert.deepEqual(stage.files(), [], 'nothing touches the disk while the daemon is there');
    await daemon.kill('SIGKILL');
    for (let n = 500; n < 2_500; n += 1) {
      client.record(numbered(n));
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await waitFor('all of it to be in the spool', () => client.counters.spooled === 2_000);
    assert.equal(stage.files('.spool').length, 1);
    await stage.startDaemon();
    for (const event of numberedFrom(2_500, 500)) client.record(event);
    await client.flush();
    assert.deepEqual(await stage.stored(), countTo(3_000));
    assert.deepEqual(stage.files(), []);
    const { stored, duplicate, pending, spooled, dropped, damaged } = client.counters;
    assert.deepEqual(
      { acknowledged: stored + duplicate, pending, spooled, dropped, damaged },
      { acknowledged: 3_000, pending: 0, spooled: 0, dropped: 0, damaged: 0 },
    );
    assert.deepEqual(await stage.gaps(), []);
  });

  test('survive kill -9 of their process; the next one of that name delivers them before its own', async () => {
    await using stage = new SpoolStage();
    const first = stage.startScript(`
      for (let n = 0; n < 3_000; n += 1) {
        client.record(numbered(n));
        if (n % 500 === 499) await turn();
      }
      await until(() => client.counters.spooled === 3_000);
      say('recorded');
      await until(() => false);`);
    await first.prints('recorded');
    await kill(first);
    assert.notDeepEqual(stage.files('.spool'), []);

    const client = stage.connect();
    for (const event of numberedFrom(3_000, 1_000)) client.record(event);
    await waitFor('the own events to be in the spool', () => client.counters.spooled === 1_000);
    await stage.startDaemon();
    await client.flush();
    assert.deepEqual(await stage.stored(), countTo(4_000));
    assert.deepEqual([client.counters.stored, client.counters.recovered], [1_000, 3_000]);
    await waitFor('an empty spool', () => stage.files().length === 0);
    assert.deepEqual(await stage.gaps(), []);
  });

  test('survive kill -9 of their process that had lost its daemon with frames under way', async () => {
    await using stage = new SpoolStage();
    const daemon = await stage.startDaemon({ config: { persistence: { batch_timeout: 3_600, batch_size: 10_000 } } });
    const script = stage.startScript(`
      await client.ready();
      for (let n = 0; n < 800; n += 1) client.record(numbered(n));
      await turn();
      say('sent');
      await until(() => client.counters.spooled === 800);
      for (let n = 800; n < 1_000; n += 1) client.record(numbered(n));
      await until(() => client.counters.spooled === 1_000);
      say('spooled');
      await until(() => false);`);
    await script.prints('sent');
    await daemon.kill('SIGKILL');
    await script.prints('spooled');
    await kill(script);
    await stage.startDaemon();
    const client = stage.connect();
    const { stored, duplicate, rejected, damaged } = await client.recover();
    assert.deepEqual([stored + duplicate, rejected, damaged], [1_000, 0, 0]);
    assert.deepEqual(await stage.stored(), countTo(1_000));
  });

  test('of a process that exits in the middle of a turn', async () => {
    await using stage = new SpoolStage();
    const script = stage.startScript(`
      for (let n = 0; n < 700; n += 1) client.record(numbered(n));
      process.exit(7);`);
    await endOf(script, 7);
    await stage.startDaemon();
    assert.equal((await stage.connect().recover()).stored, 700);
    assert.deepEqual(await stage.stored(), countTo(700));
  });

  test('of a process that dies of an exception, or records in its last moment', async () => {
    await using stage = new SpoolStage();
    const script = stage.startScript(`
      process.on('exit', () => client.record(numbered(1)));
      client.record(numbered(0));
      process.on('exit', () => client.record(numbered(2)));
      throw new Error('mine');`);
    const { exitCode, stderr } = await script.ended;
    assert.equal(exitCode, 1);
    assert.match(stderr, /Error: mine/);
    await stage.startDaemon();
    assert.equal((await stage.connect().recover()).stored, 3);
    assert.deepEqual(await stage.stored(), countTo(3));
  });
});

test('a process exits with a healthy connection: what has no receipt is delivered by the next one', async () => {
  await using stage = new SpoolStage();
  await stage.startDaemon({ config: { persistence: { batch_timeout: 3_600, batch_size: 10_000 } } });
  const script = stage.startScript(`
    await client.ready();
    for (let n = 0; n < 10; n += 1) client.record(numbered(n));
    await turn();
    for (let n = 10; n < 20; n += 1) client.record(numbered(n));
    process.exit(0);`);
  await endOf(script);
  const { stored, duplicate } = await stage.connect().recover();
  assert.equal(stored + duplicate, 20);
  assert.deepEqual(await stage.stored(), countTo(20));
});

test('a process that forgot close() does not wait for a daemon: its events are safe', async () => {
  await using stage = new SpoolStage();
  const script = stage.startScript(`client.record(numbered(0));`);
  await endOf(script);
  await stage.startDaemon();
  assert.equal((await stage.connect().recover()).stored, 1);
});

test('of two processes with one name, the dead one is inherited and the living one left alone', async () => {
  await using stage = new SpoolStage();
  const record = (from: number) => `
    for (let n = ${from}; n < ${from + 1_000}; n += 1) client.record(numbered(n));
    await until(() => client.counters.spooled === 1_000);
    say('spooled');`;
  const living = stage.startScript(`
    ${record(0)}
    await client.flush();
    say('stored ' + client.counters.stored + ', duplicate ' + client.counters.duplicate);`);
  const dying = stage.startScript(`${record(1_000)} await until(() => false);`);
  await Promise.all([living.prints('spooled'), dying.prints('spooled')]);
  assert.equal(stage.files('.spool').length, 2);
  await kill(dying);
  await stage.startDaemon();
  assert.match(await endOf(living), /stored 1000, duplicate 0\n$/);
  const stored = (await stage.stored()) as number[];
  assert.deepEqual(
    stored.toSorted((a, b) => a - b),
    countTo(2_000),
  );
  assert.deepEqual(
    stored.filter((n) => n >= 1_000),
    countTo(1_000).map((n) => n + 1_000),
    'in order',
  );
  await waitFor('an empty spool', () => stage.files().length === 0);
});
