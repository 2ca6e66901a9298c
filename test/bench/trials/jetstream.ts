/** The same events into a JetStream stream in files, published without waiting for each acknowledgement, with a dedup window. */
import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { measureRate, sendBatches } from '../load.ts';
import { NatsServer } from '../peers/nats-server.ts';
import { reportFigures, type Surroundings, trialInput } from '../trial-input.ts';

const NANOSECONDS_PER_MINUTE = 60_000_000_000;

const { events, seed } = trialInput() as Surroundings & { events: number; seed: number };
await using server = await NatsServer.start();
const connection = await server.connect();
const manager = await jetstreamManager(connection);
await manager.streams.add({
  name: 'events',
  subjects: ['events'],
  storage: StorageType.File,
  duplicate_window: 2 * NANOSECONDS_PER_MINUTE,
});
const stream = jetstream(connection);
let number = 0;
const eventsPerSecond = await measureRate(
  [
    (all, inFlight) =>
      sendBatches(all, inFlight, (batch) =>
        Promise.all(
          batch.map((event) => {
            number += 1;
            return stream.publish('events', JSON.stringify(event), { msgID: String(number) });
          }),
        ),
      ),
  ],
  events,
  seed,
);
const { state } = await manager.streams.info('events');
if (state.messages !== number) throw new Error(`${state.messages} of ${number} stored`);
await connection.close();
reportFigures({ eventsPerSecond });
