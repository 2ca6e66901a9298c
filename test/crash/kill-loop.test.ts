/** kill -9 of the daemon, again and again on one home, at seeded moments and under load. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../client/index.ts';
import { assertNoOffences, Ledger } from '../harness/ledger.ts';
import { seed } from '../harness/property.ts';
import { seededRandom } from '../harness/seeded-random.ts';
import { BatchSender } from './batch-sender.ts';
import { Bystander } from './bystander.ts';
import { RandomEvents, type SentEvent } from './random-events.ts';
import { checkpoint, expiredSeconds, ingest, type Phase, retention } from './phases.ts';
import { RawSender } from './raw-sender.ts';
import { rounds } from './rounds.ts';
import type { Sender } from './sender.ts';
import { StreamSender } from './stream-sender.ts';
import { Succession } from './succession.ts';

const SHORTEST_LIFE_MS = 5;
const LONGEST_LIFE_MS = 500;
const SETTLE_DEADLINE_MS = 60_000;
const BYSTANDER_LIMIT_MS = 2_000;
const phases = [ingest, ingest, checkpoint, retention];

/** The succession, its clients, and the judge. */
class Trial {
  readonly succession: Succession;
  readonly ledger: Ledger;
  readonly bystander: Bystander;
  readonly senders: readonly Sender[];
  lost = 0;
  duplicated = 0;
  /** Events of this round, for sending them a second time. */
  #recent: SentEvent[] = [];
  readonly #failed = Promise.withResolvers<never>();

  constructor(succession: Succession) {
    const ledger = new Ledger(succession.nowSeconds);
    this.succession = succession;
    this.ledger = ledger;
    this.bystander = new Bystander(succession, ledger, this.#source('bystander', 0));
    const client = (clientName: string) =>
      connect({ socketPath: succession.paths.socket, transport: succession.transport, clientName });
    const batches = this.#source('batches', 1);
    const mixture = this.#source('mixture', 2);
    this.senders = [
      this.bystander,
      new BatchSender('batches', client('batches'), ledger, () => {
        const events = batches.batch(1, 20);
        this.#recent = [...this.#recent.slice(-50), ...events];
        return events;
      }),
      new BatchSender('mixture', client('mixture'), ledger, () => this.#mixture(mixture)),
      new StreamSender('stream', client('stream'), ledger, this.#source('stream', 3)),
      new RawSender('raw', succession, ledger, this.#source('raw', 4)),
    ];
  }

  #source(name: string, number: number): RandomEvents {
    return new RandomEvents(name, seed + number, this.succession.nowSeconds);
  }

  #mixture(source: RandomEvents): SentEvent[] {
    return Array.from({ length: source.integer(1, 6) }, () => {
      if (source.chance(0.3)) return source.large();
      if (source.chance(0.3)) return source.refused();
      return (
        (source.chance(0.6) ? this.#recent[source.integer(0, this.#recent.length - 1)] : undefined) ?? source.next()
      );
    });
  }

  run(): void {
    this.#failed.promise.catch(() => undefined);
    for (const sender of this.senders) sender.run().catch((error: unknown) => this.#failed.reject(error));
  }

  /** One daemon, from its start to its end after `lifeMs`. What the one before it left is judged first. */
  async round(phase: Phase, lifeMs: number): Promise<void> {
    const left = this.#copyDatabase();
    const expired = expiredSeconds(this.succession.nowSeconds());
    this.succession.passTime(phase.laterSeconds);
    this.#recent = [];
    // A cleanup begins with the start, and is not to be over when the judge is done.
    if (phase === retention) this.#judge(left, expired);
    const starting = this.succession.start(phase.options);
    if (phase !== retention) this.#judge(left, expired);
    await starting;
    await Promise.race([this.#live(phase, lifeMs), this.#failed.promise]);
    await this.succession.end('SIGKILL');
    this.ledger.interrupted();
  }

  async #live(phase: Phase, lifeMs: number): Promise<void> {
    const end = performance.now() + lifeMs;
    while (phase.disturb !== undefined && end - performance.now() > 40) {
      await pause(30);
      phase.disturb(this.succession.paths.database);
    }
    await pause(Math.max(0, end - performance.now()));
  }

  [Symbol.dispose](): void {
    for (const sender of this.senders) sender.abandon();
  }

  /** A last daemon, under which everything gets its receipt. */
  async settle(): Promise<void> {
    await this.succession.start(ingest.options);
    const settled = Promise.all(this.senders.map((sender) => sender.settle()));
    const deadline = pause(SETTLE_DEADLINE_MS, undefined, { ref: false }).then(() => {
      throw new Error(`${this.ledger.unsettled} events have no receipt after ${SETTLE_DEADLINE_MS} ms`);
    });
    await Promise.race([settled, this.#failed.promise, deadline]);
    await this.succession.end('SIGTERM');
    assert.equal(this.ledger.unsettled, 0);
    this.#judge(this.#copyDatabase(), expiredSeconds(this.succession.nowSeconds()));
  }

  report(t: TestContext): void {
    const { sent, acked, rejected, unknown, expired } = this.ledger.totals;
    t.diagnostic(`events sent ${sent}, acked ${acked}, rejected ${rejected}, unknown at some time ${unknown}`);
    t.diagnostic(`lost ${this.lost}, duplicated ${this.duplicated}, expired ${expired}`);
    const { receipts, longestWaitMs } = this.bystander;
    t.diagnostic(`bystander: ${receipts} receipts, the longest wait ${longestWaitMs.toFixed(0)} ms`);
  }

  /** Undefined when there is none yet. */
  #copyDatabase(): string | undefined {
    if (!existsSync(this.succession.paths.database)) return undefined;
    return this.succession.copyDatabase(mkdtempSync(join(tmpdir(), 'daybook-left-')));
  }

  /** A guilty copy stays where it is. */
  #judge(copy: string | undefined, expired: number): void {
    if (copy === undefined) return;
    const offences = this.ledger.judge(copy, expired);
    this.lost += offences.filter(({ kind }) => kind === 'missing').length;
    this.duplicated += offences.filter(({ kind }) => kind === 'doubled').length;
    assertNoOffences(offences, copy);
    rmSync(dirname(copy), { recursive: true });
  }
}

test(`kill -9 of the daemon, ${rounds} times under load: nothing acknowledged is lost or there twice`, async (t) => {
  t.diagnostic(`DAYBOOK_TEST_SEED=${seed}`);
  const started = performance.now();
  const random = seededRandom(seed);
  await using succession = new Succession();
  using trial = new Trial(succession);
  trial.run();
  const lives: string[] = [];
  try {
    while (lives.length < rounds) {
      const phase = phases[Math.floor(random() * phases.length)] ?? ingest;
      // Half of them end within the first 50 ms.
      const lifeMs = SHORTEST_LIFE_MS * (LONGEST_LIFE_MS / SHORTEST_LIFE_MS) ** random();
      lives.push(`${phase.name} ${lifeMs.toFixed(0)} ms`);
      await trial.round(phase, lifeMs);
    }
    await trial.settle();
  } catch (error) {
    t.diagnostic(`in round ${lives.length}, after ${lives.slice(-4).join(', ')}`);
    throw error;
  } finally {
    t.diagnostic(`rounds ${lives.length}, time ${((performance.now() - started) / 1000).toFixed(1)} s`);
    trial.report(t);
  }
  const { totals } = trial.ledger;
  assert.ok(trial.bystander.longestWaitMs < BYSTANDER_LIMIT_MS);
  assert.ok(totals.acked > rounds && totals.unknown > 0, 'there was load, and it was interrupted');
});
