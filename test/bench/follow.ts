/**
 * How long an event takes to a consumer that follows: milliseconds from `recordBatch()` to the receipt, to the consumer,
 * and from the receipt to the consumer (the commit lies before the receipt). One event at a time, one at a time behind a
 * named cursor, and under load; with PAUSES also so many times after the reader's thread has ended for want of questions, a
 * minute each. Prints one JSON map. `node test/bench/follow.ts [EVENTS] [PAUSES]`
 */
import type { Client, TailOptions } from '../../client/index.ts';
import { limits } from '../../shared/limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';

const [eventCount = 1_000, pauses = 0] = process.argv.slice(2).map(Number);
const LOAD_EVENTS_PER_SECOND = 5_000;
const LOAD_BATCH = 50;

interface Figures {
  sentToReceiptMs: Percentiles;
  sentToConsumerMs: Percentiles;
  receiptToConsumerMs: Percentiles;
}
interface Percentiles {
  p50: number;
  p99: number;
}

await using daemon = await DaemonProcess.start({ config: { log_level: 'warn' } });
const recorder = daemon.connect();
let number = 0;
await measure({}, 300, 0);
const results = {
  single: await measure({}, eventCount, 0),
  filtered: await measure({ types: ['bench'], sources: ['follow'] }, eventCount, 0),
  namedCursor: await measure({ cursorName: 'bench' }, eventCount, 0),
  underLoad: await underLoad(eventCount),
  ...(pauses > 0 && { afterPause: await measure({}, pauses, limits.readerIdleMs + 500) }),
};
process.stdout.write(`${JSON.stringify(results)}\n`);

/** One event at a time, each after the consumer has had the one before. */
async function measure(options: TailOptions, count: number, pauseMs: number): Promise<Figures> {
  const consumer = daemon.connect();
  const { databaseId } = await consumer.ready();
  const after = { databaseId, id: (await consumer.status()).last_id };
  const tail = consumer.tail({ ...options, after });
  const times: Times[] = [];
  let next = tail.next();
  for (let n = 0; n < count; n += 1) {
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    const sent = performance.now();
    const receipt = recordOne(recorder);
    const [received, consumed] = await Promise.all([
      receipt.then(() => performance.now()),
      next.then(() => performance.now()),
    ]);
    times.push({ sent, received, consumed });
    next = tail.next();
  }
  next.catch(() => undefined);
  await tail.return();
  await consumer.close();
  return figures(times);
}

/** The same, while another client sends `LOAD_EVENTS_PER_SECOND`; the consumer gets all of them. */
async function underLoad(count: number): Promise<Figures> {
  const [consumer, loader] = [daemon.connect(), daemon.connect()];
  const times: Times[] = [];
  const waiting = new Map<number, (consumed: number) => void>();
  const sent: Promise<unknown>[] = [];
  const tail = consumer.tail();
  const reading = (async () => {
    for await (const { type, data } of tail)
      if (type === 'bench') waiting.get(Number(data['number']))?.(performance.now());
  })();
  await consumer.status();
  const load = setInterval(
    () => {
      const events = Array.from({ length: LOAD_BATCH }, (_, n) => ({ type: 'load', source: 'follow', data: { n } }));
      sent.push(loader.recordBatch(events.map((event) => ({ ...event, timestamp: (number += 1) }))));
    },
    (1000 * LOAD_BATCH) / LOAD_EVENTS_PER_SECOND,
  );
  for (let n = 0; n < count; n += 1) {
    const { promise, resolve } = Promise.withResolvers<number>();
    waiting.set(number + 1, resolve);
    const started = performance.now();
    const receipt = recordOne(recorder).then(() => performance.now());
    times.push({ sent: started, received: await receipt, consumed: await promise });
  }
  clearInterval(load);
  await Promise.all(sent);
  await tail.return();
  await reading;
  await Promise.all([consumer.close(), loader.close()]);
  return figures(times);
}

interface Times {
  sent: number;
  received: number;
  consumed: number;
}

function recordOne(client: Client): Promise<unknown> {
  number += 1;
  return client.recordBatch([{ type: 'bench', source: 'follow', data: { number } }]);
}

function figures(times: readonly Times[]): Figures {
  return {
    sentToReceiptMs: percentiles(times.map(({ sent, received }) => received - sent)),
    sentToConsumerMs: percentiles(times.map(({ sent, consumed }) => consumed - sent)),
    receiptToConsumerMs: percentiles(times.map(({ received, consumed }) => consumed - received)),
  };
}

function percentiles(values: readonly number[]): Percentiles {
  const ascending = values.toSorted((a, b) => a - b);
  const at = (share: number) =>
    Math.round((ascending[Math.ceil(ascending.length * share) - 1] ?? Number.NaN) * 1000) / 1000;
  return { p50: at(0.5), p99: at(0.99) };
}
