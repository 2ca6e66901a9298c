import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import type { Client, ConnectOptions } from '../../../client/index.ts';
import { wireLimits } from '../../../shared/limits.ts';
import { type FakeConnection, FakeDaemon, type ReceivedFrame } from '../../harness/fake-daemon.ts';
import { checkProperty } from '../../harness/property.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { numbered } from '../numbered-events.ts';

type Mood = 'takes' | 'holds' | 'refuses' | 'away';

type Step =
  | { do: 'record'; count: number; bytes: number }
  | { do: 'turn' }
  | { do: 'settle' }
  | { do: 'mood'; mood: Mood }
  | { do: 'lose' }
  | { do: 'end client' };

/** A daemon of changing mood. It remembers which counters of which epoch it has taken, in order, and which are reported. */
class MoodyDaemon {
  mood: Mood = 'takes';
  readonly taken = new Map<string, number[]>();
  readonly reported = new Map<string, Set<number>>();
  readonly #held: { connection: FakeConnection; frame: ReceivedFrame }[] = [];

  onHello(connection: FakeConnection, frame: ReceivedFrame): void {
    if (this.mood === 'away') connection.destroy();
    else {
      connection.reply(frame, {
        protocol: 1,
        daemon: { version: '0.0.0', pid: 1 },
        databaseId: 'fake',
        capabilities: ['gaps'],
        limits: { ...wireLimits, eventsPerFrame: 100 },
      });
    }
  }

  onRequest(connection: FakeConnection, frame: ReceivedFrame): void {
    if (this.mood === 'holds') this.#held.push({ connection, frame });
    else if (this.mood === 'refuses') connection.refuse(frame.requestId, 'disk_full');
    else this.#take(connection, frame);
  }

  set(mood: Mood, connections: readonly FakeConnection[]): void {
    this.mood = mood;
    if (mood === 'away') for (const connection of connections) connection.destroy();
    const held = this.#held.splice(0);
    if (mood !== 'away') for (const { connection, frame } of held) this.onRequest(connection, frame);
  }

  #take(connection: FakeConnection, frame: ReceivedFrame): void {
    if (frame.kind === 'report-gaps') {
      for (const gap of frame.body['gaps'] as { epoch: string; from: number; to: number }[]) {
        const counters = this.reported.get(gap.epoch) ?? new Set();
        for (let counter = gap.from; counter <= gap.to; counter += 1) counters.add(counter);
        this.reported.set(gap.epoch, counters);
      }
      connection.reply(frame, {});
    } else if (frame.kind === 'record') {
      const { epoch, first } = frame.body['origin'] as { epoch: string; first: number };
      const counters = this.taken.get(epoch) ?? [];
      for (const index of (frame.body['events'] as unknown[]).keys()) counters.push(first + index);
      this.taken.set(epoch, counters);
      connection.acknowledge(frame);
    } else connection.reply(frame, {});
  }
}

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constant('record' as const),
      count: fc.integer({ min: 1, max: 400 }),
      bytes: fc.constantFrom(1, 100, 3_000),
    }),
    weight: 4,
  },
  { arbitrary: fc.constant({ do: 'turn' as const }), weight: 3 },
  { arbitrary: fc.constant({ do: 'settle' as const }), weight: 1 },
  {
    arbitrary: fc.record({
      do: fc.constant('mood' as const),
      mood: fc.constantFrom<Mood>('takes', 'holds', 'refuses', 'away'),
    }),
    weight: 3,
  },
  { arbitrary: fc.constant({ do: 'lose' as const }), weight: 1 },
  { arbitrary: fc.constant({ do: 'end client' as const }), weight: 1 },
);

/** Fails with what the client says of itself, instead of waiting for ever. */
async function inTime(what: string, client: Client, promise: Promise<unknown>): Promise<void> {
  let isOver = false;
  const over = promise.finally(() => {
    isOver = true;
  });
  over.catch(() => undefined);
  await waitFor(`${what}: ${JSON.stringify(client.counters)}`, () => isOver);
  await over;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('whatever happens: each event arrives or is reported, in order, and the counters agree', async (t) => {
  t.mock.method(Math, 'random', () => 0.02);
  await checkProperty(
    t,
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 25 }),
      fc.constantFrom<'reject' | 'drop-oldest'>('reject', 'drop-oldest'),
      fc.constantFrom(5_000, 100_000, 10_000_000),
      async (steps, whenFull, bufferBytes) => {
        const daemon = new MoodyDaemon();
        await using fake = await FakeDaemon.start({
          onHello: (connection, frame) => daemon.onHello(connection, frame),
          onRequest: (connection, frame) => daemon.onRequest(connection, frame),
        });
        const problems: unknown[] = [];
        const options: ConnectOptions = {
          bufferBytes,
          spool: { maxBytes: 64 * 1024, whenFull },
          onSpoolProblem: (error) => problems.push(error),
        };
        let client = fake.connect(options);
        const ended: Client[] = [];
        let n = 0;
        for (const act of steps) {
          if (act.do === 'record') {
            const text = 'x'.repeat(act.bytes);
            for (let count = 0; count < act.count; count += 1) {
              client.record({ ...numbered(n), data: { n, text } });
              n += 1;
            }
          } else if (act.do === 'turn') await turn();
          else if (act.do === 'settle') await new Promise((resolve) => setTimeout(resolve, 5));
          else if (act.do === 'mood') daemon.set(act.mood, fake.connections);
          else if (act.do === 'lose') fake.connections.at(-1)?.destroy();
          else {
            await client.close({ timeoutMs: 5 }).catch(() => undefined);
            ended.push(client);
            client = fake.connect(options);
          }
        }
        daemon.set('takes', fake.connections);
        await inTime('ready', client, client.ready());
        await inTime('flush', client, client.flush());
        await inTime('recover', client, client.recover());
        const { recorded, stored, pending, spooled } = client.counters;
        assert.deepEqual([pending, spooled], [0, 0]);
        assert.ok(stored <= recorded);
        await client.close();
        // The connection may have been lost with the last report under way.
        const last = fake.connect(options);
        await inTime('last recover', last, last.recover());
        await last.close();

        const spool = join(dirname(fake.path), 'spool');
        assert.deepEqual(existsSync(spool) ? readdirSync(spool, { recursive: true }) : [], []);
        let numbers = 0;
        for (const epoch of new Set([...daemon.taken.keys(), ...daemon.reported.keys()])) {
          const taken = new Set(daemon.taken.get(epoch));
          const reported = daemon.reported.get(epoch) ?? new Set();
          const highest = Math.max(...taken, ...reported);
          for (let counter = 1; counter <= highest; counter += 1) {
            assert.ok(taken.has(counter) || reported.has(counter), `${counter} of ${highest} is nowhere`);
          }
          numbers += highest;
          // A daemon that refuses one frame and takes the next can make it otherwise, and so can one that still reads what
          // an ended client has sent.
          if (steps.some((act) => act.do === 'end client' || (act.do === 'mood' && act.mood === 'refuses'))) continue;
          assert.deepEqual(
            [...taken],
            [...taken].toSorted((a, b) => a - b),
          );
        }
        assert.equal(numbers, n, 'each event is one or the other');
        assert.deepEqual(problems, []);
      },
    ),
    40,
  );
});
