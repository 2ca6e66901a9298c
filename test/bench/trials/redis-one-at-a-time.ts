/** One XADD after another, each awaited. */
import { measureLatency } from '../latency.ts';
import { addToStream } from '../peers/redis-events.ts';
import { type AppendFsync, RedisServer } from '../peers/redis-server.ts';
import { reportFigures, type Surroundings, trialInput } from '../trial-input.ts';

const { appendFsync, events, seed } = trialInput() as Surroundings & {
  appendFsync: AppendFsync;
  events: number;
  seed: number;
};
await using server = await RedisServer.start(appendFsync);
const client = await server.connect();
reportFigures(await measureLatency(events, seed, (event) => addToStream(client, event)));
await client.close();
