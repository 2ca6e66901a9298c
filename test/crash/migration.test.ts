/** kill -9 of the daemon while it brings an older database up to date: it is old or new, never half. */
import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { migrations } from '../../daemon/storage/migrate.ts';
import { skipWithoutFailingCalls, withFailingCalls } from '../harness/failing-calls.ts';
import { Ledger } from '../harness/ledger.ts';
import { seed } from '../harness/property.ts';
import { seededRandom } from '../harness/seeded-random.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { writeOldDatabase } from './old-database.ts';
import { isThorough, rounds } from './rounds.ts';
import { Succession } from './succession.ts';

const EVENTS = isThorough ? 100_000 : 10_000;
const FEW_EVENTS = 2_000;
const WRITE_STRIDE = isThorough ? 1 : 24;
const TIMED_KILLS = Math.ceil(rounds / 25);
const newest = migrations().length;

/** An older database to begin with again and again, and the ledger that knows its events. */
class OldDatabase {
  readonly ledger = new Ledger();
  readonly #home = temporaryHome();
  readonly #path = join(this.#home.path, 'events.db');

  constructor(events: number) {
    writeOldDatabase(this.#path, events, this.ledger);
  }

  copyInto(succession: Succession): void {
    const { database } = succession.paths;
    mkdirSync(dirname(database), { mode: 0o700, recursive: true });
    copyFileSync(this.#path, database);
  }

  /** Judges what a kill left, and again what the next daemon makes of it. Returns the schema that was left. */
  async judge(succession: Succession): Promise<number> {
    using aside = temporaryHome();
    const left = succession.copyDatabase(aside.path);
    const version = versionOf(left);
    this.ledger.assertInnocent(left);
    await succession.start();
    await succession.end('SIGTERM');
    assert.equal(versionOf(succession.paths.database), newest);
    this.ledger.assertInnocent(succession.paths.database);
    return version;
  }

  [Symbol.dispose](): void {
    this.#home.remove();
  }
}

describe('kill -9 of the daemon during a migration', { skip: newest === 1 && 'there is one schema so far' }, () => {
  test('at one write after another to the log', { skip: skipWithoutFailingCalls }, async (t) => {
    using old = new OldDatabase(FEW_EVENTS);
    const versions: number[] = [];
    t.diagnostic(`DAYBOOK_TEST_SEED=${seed}`);
    for (let when = 1 + (seed % WRITE_STRIDE); ; when += WRITE_STRIDE) {
      await using succession = new Succession();
      old.copyInto(succession);
      const path = `${succession.paths.database}-wal`;
      const fault = { path, calls: 'pwrite64', fault: 'signal=SIGKILL', when: String(when) } as const;
      const isUp = await succession.start({ under: withFailingCalls(fault) }).then(
        () => true,
        () => false,
      );
      if (isUp) break;
      assert.equal((await succession.ended()).signal, 'SIGKILL');
      versions.push(await old.judge(succession));
    }
    t.diagnostic(`schemas left by ${versions.length} kills: ${versions.join(' ')}`);
    assert.ok(versions.includes(1));
  });

  test(`of ${EVENTS} events, at any moment of the start`, async (t) => {
    using old = new OldDatabase(EVENTS);
    const random = seededRandom(seed);
    const kills: string[] = [];
    t.diagnostic(`DAYBOOK_TEST_SEED=${seed}`);
    let startMs = 1_000;
    while (kills.length < TIMED_KILLS) {
      await using succession = new Succession();
      old.copyInto(succession);
      const lifeMs = random() * startMs;
      const launched = performance.now();
      const up = succession.start().then(() => (startMs = performance.now() - launched));
      up.catch(() => undefined);
      await Promise.race([up, pause(lifeMs)]);
      await succession.end('SIGKILL');
      kills.push(`schema ${await old.judge(succession)} after ${lifeMs.toFixed(0)} ms`);
    }
    t.diagnostic(kills.join(', '));
  });
});

function versionOf(databasePath: string): number {
  const db = new Sqlite(databasePath, { readonly: true });
  try {
    return Number(db.pragma('user_version', { simple: true }));
  } finally {
    db.close();
  }
}
