import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { encode } from '../../shared/codec.ts';
import { encodeFrame } from '../../shared/frame.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { databaseInconsistencies } from '../harness/database-inconsistencies.ts';
import { identityOf } from '../harness/event-identity.ts';
import { waitFor } from '../harness/wait-for.ts';
import { checkAnswers, checkReceipts } from './answers.ts';
import { type Attack, carriedOut, type PlannedAttack, planned } from './attack.ts';
import type { PlainEvent } from './reference-record.ts';
import { isFresh, keyOf, StoredEvents, type TimedEvent, untimedKey } from './stored-events.ts';
import { WatchedConnection } from './watched-connection.ts';

/** The longest the daemon may keep anybody waiting. Generous, for a machine with other things to do. */
const PATIENCE_MS = 10_000;

/** A daemon that is attacked again and again, a client beside the attackers, and what must hold all the while. */
export class FuzzedDaemon {
  slowestReceiptMs = 0;
  readonly #daemon: DaemonProcess;
  readonly #bystander: WatchedConnection;
  readonly #stored: StoredEvents;
  readonly #patienceMs: number;
  /** Keys of all events that may be stored. */
  readonly #sent = new Set<string>();
  #requests = 0;
  /** Patterns that were acknowledged, and those that may be there. */
  #patterns = { acknowledged: 0, possible: 0 };

  private constructor(daemon: DaemonProcess, bystander: WatchedConnection, patienceMs: number) {
    this.#daemon = daemon;
    this.#bystander = bystander;
    this.#stored = new StoredEvents(daemon.paths.database);
    this.#patienceMs = patienceMs;
  }

  static async start(nodeArguments: string[] = [], patienceMs = PATIENCE_MS): Promise<FuzzedDaemon> {
    const daemon = await DaemonProcess.start({
      config: { persistence: { batch_timeout: 0.005 } },
      nodeArguments: [...diesWhenPolluted, ...nodeArguments],
    });
    try {
      const bystander = await WatchedConnection.open(daemon.paths.socket);
      const fuzzed = new FuzzedDaemon(daemon, bystander, patienceMs);
      await fuzzed.#ask('hello', { protocol: { min: 1, max: 1 }, client: { name: 'bystander', pid: process.pid } });
      return fuzzed;
    } catch (error) {
      await daemon.stop();
      throw error;
    }
  }

  /** Makes attacks side by side. @throws when something does not hold */
  async attack(attacks: readonly Attack[]): Promise<void> {
    const plans = attacks.map(planned);
    for (const event of plans.flatMap(acceptedEvents)) this.#sent.add(keyOf(event));
    const { socket } = this.#daemon.paths;
    const [connections] = await Promise.all([
      Promise.all(plans.map((plan) => carriedOut(plan, socket, this.#patienceMs))),
      this.#bystanderIsServed(),
    ]);
    await this.#bystanderIsServed();
    const rows = await this.#storedBy(plans);
    for (const [id, row] of rows) {
      const isKnown = this.#sent.has(keyOf(row)) || (isFresh(row) && this.#sent.has(untimedKey(row)));
      assert.ok(isKnown, `nobody sent event ${id}: ${JSON.stringify(row)}`);
    }
    for (const [index, plan] of plans.entries()) {
      const connection = connections[index] as WatchedConnection;
      this.#check(plan, connection, rows);
      connection.destroy();
    }
    assert.deepEqual([this.#daemon.process.exitCode, this.#daemon.process.signalCode], [null, null]);
  }

  /** What has been stored since the last attack. What reached the daemon is carried out, whether or not anybody is told. */
  async #storedBy(plans: readonly PlannedAttack[]): Promise<Map<number, TimedEvent>> {
    const rows = new Map<number, TimedEvent>();
    const awaited = plans.filter(({ leaves }) => leaves !== 'at once').flatMap(acceptedEvents);
    const isThere = () => {
      for (const [id, row] of this.#stored.news()) rows.set(id, row);
      return awaited.every((event) => this.#stored.has(keyOf(event)));
    };
    if (!isThere()) await waitFor('events that reached the daemon', isThere, this.#patienceMs);
    return rows;
  }

  #check(plan: PlannedAttack, { answers }: WatchedConnection, rows: ReadonlyMap<number, TimedEvent>): void {
    const { expectation, leaves } = plan;
    this.#patterns.possible += expectation.requests.filter(({ kind }) => kind === 'store-pattern').length;
    const mayBeOther = new Set(
      expectation.requests.filter(({ kind }) => kind !== 'store-pattern').map(({ requestId }) => requestId),
    );
    this.#patterns.acknowledged += answers.filter(
      ({ kind, requestId, body }) => kind === 'reply' && 'id' in body && !mayBeOther.has(requestId),
    ).length;
    if (leaves === 'at once') return;
    checkAnswers(answers, expectation, leaves === 'answered');
    checkReceipts(answers, expectation.requests, rows, this.#stored);
    for (const { body } of answers) this.#checkDelivered(body['events']);
  }

  /** Somebody else's event is stored, whatever is going on. */
  async #bystanderIsServed(): Promise<void> {
    const event = { type: 'bystander', source: 'b', timestamp: this.#requests + 0.5 };
    this.#sent.add(keyOf({ ...event, action: null, data: {} }));
    const startedMs = performance.now();
    const receipt = await this.#ask('record', { events: [event] });
    this.slowestReceiptMs = Math.max(this.slowestReceiptMs, performance.now() - startedMs);
    assert.equal(receipt['stored'], 1);
  }

  async #ask(kind: string, body: unknown): Promise<{ readonly [field: string]: unknown }> {
    const requestId = this.#requests;
    this.#requests += 1;
    const { answers } = this.#bystander;
    const find = () => answers.find((answer) => answer.requestId === requestId);
    await this.#bystander.send([encodeFrame(kind, requestId, encode(body))]);
    const isAnswered = () => find() !== undefined || this.#bystander.isClosed;
    await this.#bystander.until(() => 'an answer to the bystander', isAnswered, this.#patienceMs);
    const answer = find();
    answers.length = 0;
    assert.equal(answer?.kind, 'reply', `the bystander was told ${JSON.stringify(answer)}`);
    return answer.body;
  }

  /** Some of the events that a query or a tail delivered. */
  #checkDelivered(events: unknown): void {
    if (!Array.isArray(events)) return;
    for (const { id, action = null, ...rest } of events.slice(0, 3)) {
      assert.deepEqual({ ...rest, action }, this.#stored.event(id));
    }
  }

  /** What must hold at the end, and of what the daemon leaves behind. */
  async check(): Promise<void> {
    const { paths } = this.#daemon;
    await waitFor('the attackers to be gone', async () => (await this.#ask('status', {}))['connections'] === 1);
    this.#stored.news();
    let delivered = 0;
    for await (const event of this.#daemon.connect().events({ order: 'asc' })) {
      assert.ok(this.#stored.has(identityOf(event)), `no such event is stored: ${JSON.stringify(event)}`);
      delivered += 1;
    }
    assert.equal(delivered, this.#stored.count);
    this.#stored.close();
    this.#bystander.destroy();
    const { exitCode, stderr } = await this.#daemon.kill('SIGTERM');
    assert.deepEqual({ exitCode, stderr }, { exitCode: 0, stderr: '' });

    const log = readFileSync(paths.log, 'utf8').trimEnd().split('\n');
    assert.deepEqual(
      log.filter((line) => (JSON.parse(line) as { level: number }).level > WARN),
      [],
    );
    const db = new Sqlite(paths.database, { readonly: true });
    try {
      // Producers may tell of any gap they like.
      const inconsistencies = databaseInconsistencies(db).filter((what) => !what.startsWith('a gap'));
      assert.deepEqual(inconsistencies, []);
      const count = (table: string) => Number(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
      assert.equal(count('event'), delivered);
      const patterns = count('patterns');
      const { acknowledged, possible } = this.#patterns;
      assert.ok(acknowledged <= patterns && patterns <= possible, `${acknowledged} <= ${patterns} <= ${possible}`);
    } finally {
      db.close();
    }
  }

  /** Ends the daemon, whatever state it is in, and says what it said. */
  async stop(): Promise<string> {
    this.#bystander.destroy();
    this.#stored.close();
    const { exitCode, signal, stderr } = await this.#daemon.stop();
    return `the daemon ended with ${exitCode ?? signal}: ${stderr}`;
  }
}

const WARN = 40;

function acceptedEvents({ expectation }: PlannedAttack): PlainEvent[] {
  return expectation.requests.flatMap(({ answer }) =>
    answer.kind === 'receipt' ? answer.events.flatMap((verdict) => ('event' in verdict ? [verdict.event] : [])) : [],
  );
}

/** In every thread of the daemon: nothing it reads may reach the prototype of its objects. */
const diesWhenPolluted = [
  '--import',
  `data:text/javascript,${encodeURIComponent(
    "setInterval(() => { if ('polluted' in {}) throw new Error('an event has reached Object.prototype'); }, 50).unref();",
  )}`,
];
