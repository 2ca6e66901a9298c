import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { Verifier } from '../../../daemon/verify/verifier.ts';
import { isRunning } from '../../../shared/is-running.ts';
import { limits } from '../../../shared/limits.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { TemporaryDatabase } from '../../harness/temporary-database.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

const event = (n: number) => ({ type: 't', source: 's', timestamp: n });
const sound = { checked: 1, damaged: [], afterId: null, structure: 'ok' };

/** A verifier that is closed with its test, however that ends. */
function openVerifier(t: TestContext, path: string, onDamage?: () => void): Verifier {
  const verifier = new Verifier(path, onDamage);
  t.after(() => verifier.close());
  return verifier;
}

describe('Verifier', () => {
  test('answers from a process of its own, which ends when it has nothing to do, and comes back', async (t) => {
    using database = new TemporaryDatabase();
    database.append([event(1)]);
    const verifier = openVerifier(t, database.path, () => assert.fail('nothing is damaged'));
    assert.equal(verifier.pid, undefined);
    assert.deepEqual(await verifier.check({ afterId: 0 }), sound);
    const pid = verifier.pid ?? assert.fail('there is a process');
    assert.notEqual(pid, process.pid);
    await waitFor('the process to end', () => verifier.pid === undefined && !isRunning(pid));
    assert.deepEqual(await verifier.check({ afterId: 0 }), sound);
    assert.deepEqual(await verifier.check({ afterId: 1 }), { ...sound, checked: 0 });
  });

  test('fails what waits for it as retryable when it dies, and starts another', async (t) => {
    using database = new TemporaryDatabase();
    database.append([event(1)]);
    const verifier = openVerifier(t, database.path);
    const asked = [verifier.check({ afterId: 0 }), verifier.check({ afterId: 0 })];
    process.kill(verifier.pid ?? assert.fail('there is a process'), 'SIGKILL');
    for (const answer of await Promise.allSettled(asked)) {
      assert.equal(answer.status, 'rejected');
      assert.deepEqual([answer.reason.code, answer.reason.retryable], ['storage_error', true]);
      assert.match(answer.reason.message, /SIGKILL/);
    }
    assert.deepEqual(await verifier.check({ afterId: 0 }), sound);
  });

  test('takes a bounded number of requests', async (t) => {
    using database = new TemporaryDatabase();
    database.append([event(1)]);
    const verifier = openVerifier(t, database.path);
    const asked = Array.from({ length: limits.verifyQueueRequests }, () => verifier.check({ afterId: 0 }));
    await assert.rejects(verifier.check({ afterId: 0 }), { code: 'busy' });
    for (const reply of await Promise.all(asked)) assert.deepEqual(reply, sound);
  });

  test('says what a file is that cannot be opened at all, and tells of the damage', async (t) => {
    using home = temporaryHome();
    const path = join(home.path, 'events.db');
    writeFileSync(path, 'x'.repeat(10_000));
    let told = 0;
    const reply = await openVerifier(t, path, () => (told += 1)).check({ afterId: 0 });
    assert.deepEqual([reply.checked, reply.damaged, reply.afterId, told], [0, [], null, 1]);
    assert.match(String(reply.structure), /file is not a database/);
  });

  test('takes nothing more when it is closed, or nothing is stored', async () => {
    using database = new TemporaryDatabase();
    const verifier = new Verifier(database.path);
    await verifier.close();
    await assert.rejects(verifier.check({ afterId: 0 }), { code: 'shutting_down' });
    await assert.rejects(new Verifier(undefined).check({ afterId: 0 }), { code: 'persistence_disabled' });
  });
});

/** A daemon whose verifying process does nothing at all while `path` is there. */
function withStuckVerifier(path: string): NodeJS.ProcessEnv {
  const script = `
    import { existsSync } from 'node:fs';
    const moment = new Int32Array(new SharedArrayBuffer(4));
    if (process.argv[1]?.includes('verify-process')) {
      while (existsSync(${JSON.stringify(path)})) Atomics.wait(moment, 0, 0, 5);
    }`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  return rows.filter(([, parent]) => parent === pid).map(([child = 0]) => child);
}

describe('a verification that takes long', () => {
  test('holds up no other request', async () => {
    using home = temporaryHome();
    const stuck = join(home.path, 'stuck');
    writeFileSync(stuck, '');
    await using daemon = await DaemonProcess.start({ environment: withStuckVerifier(stuck) });
    const client = daemon.connect();
    await client.recordBatch([event(1)]);
    let isVerified = false;
    const verified = client.verify().finally(() => (isVerified = true));
    await waitFor('the verifying process', () => childrenOf(daemon.process.pid ?? 0).length > 0);
    const other = daemon.connect();
    for (const each of [client, other]) {
      assert.equal((await each.page({ limit: 1 })).events.length, 1);
      assert.equal((await each.stats()).database_stats.total_events, 1);
    }
    assert.equal((await other.recordBatch([event(1)])).duplicate, 1);
    assert.equal(isVerified, false);
    rmSync(stuck);
    // There may be an index by now.
    const { search: _search, ...reply } = await verified;
    assert.deepEqual(reply, sound);
  });

  test('does not hold up the end of the daemon, and ends with it', async () => {
    using home = temporaryHome();
    const stuck = join(home.path, 'stuck');
    writeFileSync(stuck, '');
    await using daemon = await DaemonProcess.start({ environment: withStuckVerifier(stuck) });
    const verified = daemon.connect({ reconnect: false }).verify();
    const failed = assert.rejects(verified);
    const pid = await waitFor('the verifying process', () => childrenOf(daemon.process.pid ?? 0)[0]);
    const { exitCode } = await daemon.kill('SIGTERM');
    assert.equal(exitCode, 0);
    assert.doesNotMatch(readFileSync(daemon.paths.log, 'utf8'), /took too long/);
    await waitFor('the verifying process to be gone', () => !isRunning(pid));
    await failed;
  });
});
