/** The frame of one event after another, each answered by a server that does nothing else: milliseconds for both ways. */
import { encodeFrame } from '../../../shared/frame.ts';
import { encodeEvent, encodeRecordBody } from '../../../shared/messages/record-body.ts';
import { measureLatency } from '../latency.ts';
import { type EchoPath, EchoServer } from '../peers/echo-server.ts';
import { reportFigures, type Surroundings, trialInput } from '../trial-input.ts';

const { path, events, seed } = trialInput() as Surroundings & { path: EchoPath; events: number; seed: number };
await using server = await EchoServer.start(path);
const client = await server.connect();
reportFigures(
  await measureLatency(events, seed, (event) =>
    client.send(encodeFrame('record', 1, encodeRecordBody([encodeEvent(event)], 'committed', true))),
  ),
);
client.close();
