import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Client, SourceActivity } from '../../../client/index.ts';
import { SourceList } from '../../../daemon/liveness/known-sources.ts';
import { finish } from '../../../daemon/query/steps.ts';
import { limits } from '../../../shared/limits.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';
import { waitFor } from '../../harness/wait-for.ts';

/** Grace is then a second: late after 1.1 s, stalled after 2.1 s. */
const CADENCE_SECONDS = 0.1;
const quick = { persistence: { batch_timeout: 0.05 } };

async function look(client: Client): Promise<Map<string, SourceActivity>> {
  const { sources } = await client.sources();
  return new Map(sources.map((each) => [each.source, each]));
}

/** They are live, or this machine took a second over it. */
function assertLive(sources: ReadonlyMap<string, SourceActivity>, ...names: string[]): void {
  for (const name of names) {
    const { state, silent_seconds: silent = 0 } = sources.get(name) ?? {};
    assert.ok(state === 'live' || (state !== undefined && silent > 1), `${name}: ${state} after ${silent} s`);
  }
}

describe('sources', () => {
  test('are judged by what was committed', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    const startSeconds = Date.now() / 1000;
    const old = { type: 't', source: 'import', timestamp: 5 };
    await client.recordBatch([old, { type: 't', source: 'import', timestamp: 4 }]);
    await client.recordBatch([{ type: 't', source: 'fs', timestamp: startSeconds + 3_600 }]);
    const first = await look(client);
    assert.deepEqual([...first.keys()], ['fs', 'import']);
    const imported = first.get('import');
    assert.equal(imported?.events, 2);
    assert.equal(imported?.last_timestamp, 5);
    assert.equal(imported?.state, 'live');
    assert.equal(imported?.cadence_seconds, null);
    const committed = imported?.last_committed ?? 0;
    assert.ok(committed >= startSeconds && committed <= Date.now() / 1000, String(committed));
    assert.equal(first.get('fs')?.last_timestamp, startSeconds + 3_600);

    // Neither a duplicate nor a refused event is a sign of life; a new event is, whatever its timestamp.
    await client.recordBatch([
      old,
      { type: '', source: 'import', timestamp: 6 },
      { type: 't', source: 'nobody', timestamp: -1 },
    ]);
    const second = await look(client);
    assert.deepEqual([...second.keys()], ['fs', 'import']);
    assert.equal(second.get('import')?.last_committed, committed);
    assert.ok((second.get('import')?.silent_seconds ?? 0) > (imported?.silent_seconds ?? 0));
    await client.recordBatch([{ type: 't', source: 'import', timestamp: 1 }]);
    const third = (await look(client)).get('import');
    assert.ok((third?.last_committed ?? 0) > committed);
    assert.equal(third?.last_timestamp, 5);
    assert.equal(third?.events, 3);
  });

  test('with a cadence are late, then stalled, then live again; a start gives them their time', async () => {
    await using daemon = await DaemonProcess.start({ config: quick });
    const client = daemon.connect();
    const beat = () => client.recordBatch([{ type: 'beat', source: 'pulse' }]);
    await beat();
    await client.declareSource('pulse', { cadenceSeconds: CADENCE_SECONDS });
    await client.declareSource('never', { cadenceSeconds: CADENCE_SECONDS });
    await client.declareSource('patient', { cadenceSeconds: 60 });
    assertLive(await look(client), 'never', 'patient', 'pulse');
    const seen: (string | undefined)[] = [];
    await waitFor('both to be stalled', async () => {
      const now = await look(client);
      const state = now.get('pulse')?.state;
      if (seen.at(-1) !== state) seen.push(state);
      return state === 'stalled' && now.get('never')?.state === 'stalled';
    });
    // On a busy machine a look can come too late for one of them.
    assert.deepEqual(
      ['live', 'late', 'stalled'].filter((state) => seen.includes(state)),
      seen,
    );
    await beat();
    const before = await look(client);
    assertLive(before, 'patient', 'pulse');

    // A cadence that is changed counts from then on; the same one again changes nothing.
    await client.declareSource('never', { cadenceSeconds: CADENCE_SECONDS });
    assert.equal((await look(client)).get('never')?.state, 'stalled');
    await client.declareSource('never', { cadenceSeconds: 60 });
    assert.equal((await look(client)).get('never')?.state, 'live');
    await client.declareSource('patient', { cadenceSeconds: null });
    await daemon.kill('SIGKILL');
    await using next = await DaemonProcess.start({ home: daemon.home, config: quick });
    const after = await look(next.connect());
    assert.deepEqual([...after.keys()], ['never', 'pulse']);
    assertLive(after, 'never', 'pulse');
    const pulse = after.get('pulse');
    const known = [CADENCE_SECONDS, before.get('pulse')?.last_committed];
    assert.deepEqual([pulse?.cadence_seconds, pulse?.last_committed], known);
  });

  test('are refused by a daemon that stores nothing', async () => {
    await using daemon = await DaemonProcess.start({ config: { enable_persistence: false } });
    const client = daemon.connect();
    await assert.rejects(client.sources(), { code: 'persistence_disabled' });
    await assert.rejects(client.declareSource('s', { cadenceSeconds: 1 }), { code: 'persistence_disabled' });
    await assert.rejects(client.canary(), { code: 'persistence_disabled' });
  });
});

describe('SourceList', () => {
  test('has those with a cadence first, then those with the newest commits, and says when there are more', () => {
    using database = new TemporaryDatabase();
    const { store, db } = database;
    database.append(
      Array.from({ length: limits.sourcesListed + 2 }, (_, n) => ({ type: 't', source: `s${n}`, timestamp: n })),
    );
    db.prepare("UPDATE name SET committed = NULL WHERE text = 's7'").run();
    store.begin('normal');
    assert.equal(store.cadences.declare('s7', 60, 1), true);
    assert.equal(store.cadences.declare('s7', 60, 2), false);
    for (let n = 1; n < limits.declaredSources; n += 1) store.cadences.declare(`declared ${n}`, 60, 1);
    assert.throws(() => store.cadences.declare('one more', 60, 1), { code: 'too_many_names' });
    assert.equal(store.cadences.declare('s7', 30, 3), true);
    store.commit();
    const { sources, partial } = finish(new SourceList(db).readInSteps());
    assert.equal(partial, true);
    assert.equal(sources.length, limits.sourcesListed);
    const known = sources.find(({ source }) => source === 's7');
    assert.deepEqual(known, {
      id: known?.id,
      source: 's7',
      events: 1,
      lastTimestamp: 7,
      lastCommitted: null,
      cadenceSeconds: 30,
    });
  });
});
