/** The same events into a Redis stream, in the same batches. */
import { measureRate, sendBatches, type Send } from '../load.ts';
import { addBatchToStream, addEachToStream, streamLength } from '../peers/redis-events.ts';
import { type AppendFsync, RedisServer } from '../peers/redis-server.ts';
import { reportFigures, type Surroundings, trialInput } from '../trial-input.ts';

const { appendFsync, batches, clients, events, seed } = trialInput() as Surroundings & {
  /** How the XADDs of a batch are sent. */
  batches: 'pipelined' | 'each awaited';
  appendFsync: AppendFsync;
  clients: number;
  events: number;
  seed: number;
};
await using server = await RedisServer.start(appendFsync);
const connections = await Promise.all(Array.from({ length: clients }, () => server.connect()));
const add = batches === 'pipelined' ? addBatchToStream : addEachToStream;
const senders = connections.map(
  (client): Send =>
    (all, inFlight) =>
      sendBatches(all, inFlight, (batch) => add(client, batch)),
);
const eventsPerSecond = await measureRate(senders, events, seed);
const stored = connections[0] === undefined ? 0 : await streamLength(connections[0]);
if (stored < events) throw new Error(`${stored} of ${events} stored`);
await Promise.all(connections.map((client) => client.close()));
reportFigures({ eventsPerSecond });
