import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { BackupOrder, RestoreOrder } from '../../shared/messages/backup.ts';
import { makeBackup } from '../../daemon/backup/make-backup.ts';
import { restoreBackup } from '../../daemon/backup/restore-backup.ts';
import { GuardedTrial } from '../harness/guarded-trial.ts';
import { killedAtCall } from '../harness/killed-at-call.ts';
import { temporaryHome } from '../harness/temporary-home.ts';

/** More than either of them makes. */
const MOST_CALLS = 60;
const AT_A_TIME = 4;

const entry = (name: string) => fileURLToPath(new URL(`../../daemon/backup/${name}-process.ts`, import.meta.url));

/** Runs a process that is killed right before its `n`th call; true when it made fewer and came to its end. */
async function runKilledAt(n: number, program: string, order: object): Promise<boolean> {
  const args = ['--disable-warning=ExperimentalWarning', ...killedAtCall(n), entry(program), JSON.stringify(order)];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const [exitCode, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.ok(signal === 'SIGKILL' || exitCode === 0, `it ended with ${exitCode}, ${signal}`);
  return exitCode === 0;
}

/** Kills a process at each of its calls in turn, until one comes to its end. */
async function atEachCall(run: (n: number) => Promise<boolean>): Promise<number> {
  for (let n = 1; n < MOST_CALLS; n += AT_A_TIME) {
    const ended = await Promise.all(Array.from({ length: AT_A_TIME }, (_, index) => run(n + index)));
    if (ended.includes(true)) return n + ended.indexOf(true) - 1;
  }
  throw new Error(`it made ${MOST_CALLS} calls and was not done`);
}

function newestIn(path: string): number {
  const db = new Sqlite(path, { readonly: true });
  try {
    return Number(db.prepare('SELECT max(id) FROM event').pluck().get());
  } finally {
    db.close();
  }
}

describe('kill -9 at each step', () => {
  const place = temporaryHome();
  const file = join(place.path, 'a.db');
  /** Has 60 events, 20 of them in its log only, of which the backup has 40. */
  const first = new GuardedTrial();

  before(async () => {
    first.open();
    first.append(1, 40);
    const order = { databasePath: first.path, directory: place.path, file, isReplacing: false, kept: undefined };
    await makeBackup(order, () => undefined);
    first.checkpoint();
    first.append(41, 60);
    first.crash();
  });
  after(() => {
    first[Symbol.dispose]();
    place.remove();
  });

  test('of a backup leaves a whole one or none, and the next takes away what is left', async () => {
    const directory = (n: number) => join(place.path, `backups-${n}`);
    const calls = await atEachCall(async (n) => {
      mkdirSync(directory(n), { recursive: true });
      const target = join(directory(n), 'b.db');
      const order: BackupOrder = {
        databasePath: first.path,
        directory: directory(n),
        file: target,
        isReplacing: true,
        kept: undefined,
      };
      const isDone = await runKilledAt(n, 'backup', order);
      if (existsSync(target)) assert.equal(newestIn(target), 60);
      else assert.equal(isDone, false);
      await makeBackup(order, () => undefined);
      assert.deepEqual(readdirSync(directory(n)), ['b.db']);
      assert.equal(newestIn(target), 60);
      return isDone;
    });
    assert.ok(calls >= 6, `${calls} calls`);
  });

  test('of a restore loses neither database, and another restore completes it', async () => {
    const calls = await atEachCall(async (n) => {
      using trial = new GuardedTrial(first);
      const { path, directory: home } = trial;
      const order: RestoreOrder = { databasePath: path, dataDirectory: home, file, isAgreed: true };
      const isDone = await runKilledAt(n, 'restore', order);
      const olds = () =>
        readdirSync(home).filter(
          (name) => /^events\.db(\.replaced-\w+Z(-\d+)?)?$/.test(name) && newestIn(join(home, name)) === 60,
        );
      assert.ok(olds().length > 0, `the old database is there after ${n}`);
      const now = newestIn(path);
      assert.ok(now === 60 || now === 40, `${now}`);
      if (isDone) assert.equal(now, 40);

      await restoreBackup(order, { onProgress: () => undefined, confirm: () => Promise.resolve(false) });
      assert.equal(newestIn(path), 40);
      assert.ok(olds().length > 0);
      assert.deepEqual(
        readdirSync(home).filter((name) => name.includes('.restore')),
        [],
      );
      trial.open();
      assert.deepEqual([trial.append(1_000, 1_000), trial.gaps().map(({ count }) => count)], [61, [20]]);
      return isDone;
    });
    assert.ok(calls >= 10, `${calls} calls`);
  });
});
