import type { BenchEvent } from '../corpus.ts';
import type { RedisServer } from './redis-server.ts';

export type RedisClient = Awaited<ReturnType<RedisServer['connect']>>;

const STREAM = 'events';

/** One event as an entry of a stream. */
export function addToStream(client: RedisClient, event: BenchEvent) {
  return client.xAdd(STREAM, '*', fieldsOf(event));
}

/** A batch as one would write it: all at once, a promise and an id for each event. node-redis writes them together. */
export function addEachToStream(client: RedisClient, batch: readonly BenchEvent[]): Promise<unknown> {
  return Promise.all(batch.map((event) => addToStream(client, event)));
}

/** A batch in one explicit pipeline with one promise: node-redis's fastest way, about twice as fast. */
export function addBatchToStream(client: RedisClient, batch: readonly BenchEvent[]): Promise<unknown> {
  const pipeline = client.multi();
  for (const event of batch) pipeline.xAdd(STREAM, '*', fieldsOf(event));
  return pipeline.execAsPipeline();
}

/** How many entries the stream has. */
export function streamLength(client: RedisClient) {
  return client.xLen(STREAM);
}

/** An event with the fields that the daemon keeps as columns, and `data` as JSON. */
function fieldsOf({ timestamp, type, source, action, data }: BenchEvent) {
  return { timestamp: String(timestamp), type, source, action: action ?? '', data: JSON.stringify(data) };
}
