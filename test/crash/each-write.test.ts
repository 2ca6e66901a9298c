/** kill -9 of the daemon at one write after another to its files, in a small run that is the same every time. */
import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { type Client, connect } from '../../client/index.ts';
import { idleAfter } from '../harness/daemon-faults.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { skipWithoutFailingCalls as skip, withFailingCalls } from '../harness/failing-calls.ts';
import { Ledger } from '../harness/ledger.ts';
import { seed } from '../harness/property.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';
import { isThorough } from './rounds.ts';
import { Succession } from './succession.ts';

/** Without time for every write, one in so many. */
const STRIDES = { 'events.db-wal': 24, 'events.db': 8 } as const;
const BATCHES = 4;
const IDLE_MS = 100;

const event = (n: number) => ({ type: `t${n % 3}`, source: 's', action: 'a', timestamp: n, data: { n } });
const batch = (number: number) => Array.from({ length: 10 }, (_, n) => event(100 * number + n));

async function send(client: Client, ledger: Ledger, number: number): Promise<void> {
  const events = batch(number);
  ledger.sent(events);
  ledger.receipt(events, await client.recordBatch(events));
}

/** Each write of this is the last one in its turn. */
async function load(client: Client, ledger: Ledger): Promise<void> {
  for (let number = 1; number <= BATCHES; number += 1) await send(client, ledger, number);
  const recorded = batch(BATCHES + 1);
  const refused = { ...event(1_000), type: '' };
  ledger.sent([...recorded, refused]);
  for (const each of [refused, ...recorded]) client.record(each);
  await client.flush();
  ledger.acked(recorded);
  ledger.rejected([refused]);
}

/** How many events the database says it refused. */
function refusedIn(databasePath: string): unknown {
  const db = new Sqlite(databasePath, { readonly: true });
  try {
    return db.prepare('SELECT coalesce(sum(events), 0) FROM gap').pluck().get();
  } finally {
    db.close();
  }
}

/** A home with a database that has been used, and a daemon that ended in order. */
class Template {
  readonly #home = temporaryHome();

  async make(): Promise<void> {
    await using daemon = await DaemonProcess.start({ home: this.#home.path });
    await send(daemon.connect(), new Ledger(), 0);
  }

  copyInto(home: string): void {
    const data = join(home, 'data');
    mkdirSync(data, { mode: 0o700 });
    cpSync(join(this.#home.path, 'data'), data, { recursive: true });
  }

  [Symbol.dispose](): void {
    this.#home.remove();
  }
}

/** Kills a daemon at the `when`-th write to a file, and judges what is left. False when the run has fewer writes. */
async function killAtWrite(template: Template, file: keyof typeof STRIDES, when: number): Promise<boolean> {
  await using succession = new Succession();
  template.copyInto(succession.home);
  const ledger = new Ledger();
  ledger.sent(batch(0));
  ledger.acked(batch(0));
  const client = connect({ socketPath: succession.paths.socket, transport: succession.transport });
  await using _ = client;
  const loaded = load(client, ledger);

  const options = { nodeArguments: idleAfter(IDLE_MS) };
  const path = join(succession.home, 'data', file);
  const fault = { path, calls: 'pwrite64', fault: 'signal=SIGKILL', when: String(when) } as const;
  // The first writes come before it is ready.
  await succession.start({ ...options, under: withFailingCalls(fault) }).catch(() => undefined);
  const isFoldedBack = () => (statSync(`${succession.paths.database}-wal`, { throwIfNoEntry: false })?.size ?? 0) === 0;
  const whole = loaded.then(() => waitFor('the log to be folded back', isFoldedBack));
  const ended = succession.ended();
  const isKilled = await Promise.race([ended.then(() => true), whole.then(() => false)]);
  if (isKilled) {
    whole.catch(() => undefined);
    assert.equal((await ended).signal, 'SIGKILL', (await ended).stderr);
    ledger.interrupted();
    using aside = temporaryHome();
    ledger.assertInnocent(succession.copyDatabase(aside.path));
    await succession.start(options);
    await loaded;
  }
  await succession.end('SIGTERM');
  assert.equal(ledger.unsettled, 0);
  ledger.assertInnocent(succession.paths.database);
  assert.equal(refusedIn(succession.paths.database), 1, 'written down once, however often it was sent');
  return isKilled;
}

describe('kill -9 of the daemon', { skip }, () => {
  for (const file of ['events.db-wal', 'events.db'] as const) {
    test(`at each write to ${file}: all or nothing of each batch, and each once after the retry`, async (t: TestContext) => {
      using template = new Template();
      await template.make();
      const stride = isThorough ? 1 : STRIDES[file];
      let when = 1 + (seed % stride);
      t.diagnostic(`DAYBOOK_TEST_SEED=${seed}: every ${stride}. write from the ${when}. on`);
      let kills = 0;
      while (await killAtWrite(template, file, when)) {
        when += stride;
        kills += 1;
      }
      t.diagnostic(`${kills} kills`);
      assert.ok(kills > 0);
    });
  }
});
