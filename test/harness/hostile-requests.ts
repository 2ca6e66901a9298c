/** Clients that say hello and then ask for more than anybody should. */
import { encode } from '../../shared/codec.ts';
import { encodeFrame } from '../../shared/frame.ts';
import { limits } from '../../shared/limits.ts';
import { floodWith, type Misbehave } from './hostile-socket.ts';
import { nested, pack, Raw } from './msgpack.ts';
import { RawClient } from './raw-client.ts';
import { waitFor } from './wait-for.ts';

let timestamp = 0;
const event = () => ({
  type: 'flood',
  source: 'hostile',
  action: 'modify',
  timestamp: (timestamp += 0.001),
  data: { path: '/Users/someone/Documents/project/report.docx', name: 'report.docx', ext: '.docx', size: 12_345 },
});
const requestId = (n: number) => 1 + (n % 1_000_000);
const recordFrame = (n: number, body: unknown) => encodeFrame('record', requestId(n), encode(body));
const flood =
  (count: number, frames: (n: number) => Uint8Array): Misbehave =>
  (path, underWay) =>
    floodWith(path, underWay, count, frames);

export const newEvents = flood(30, (n) => recordFrame(n, { events: Array.from({ length: 500 }, event), wait: false }));

export const singleEvents = flood(25, (n) =>
  Buffer.concat(Array.from({ length: 200 }, (_, part) => recordFrame(n * 200 + part, { events: [event()] }))),
);

const sameEvents = { events: Array.from({ length: 500 }, event) };
export const sameEventsAgain = flood(30, (n) => recordFrame(n, sameEvents));

/** Two bytes become a refusal of a hundred. */
const noEvents = { events: Array.from({ length: limits.eventsPerFrame }, () => 0) };
export const refusedEvents = flood(6, (n) => recordFrame(n, noEvents));

export const questions = flood(25, (n) =>
  Buffer.concat(Array.from({ length: 200 }, (_, part) => encodeFrame('status', requestId(n * 200 + part), encode({})))),
);

const deepEvent = pack({ events: [{ type: 'deep', source: 'hostile', data: { deep: nested(1_000_000) } }] });
const deepQuestion = pack({ filter: nested(limits.controlBodyBytes / 2) });
export const depthBombs = flood(6, (n) =>
  Buffer.concat([
    encodeFrame('record', requestId(2 * n), deepEvent),
    encodeFrame('query', requestId(2 * n + 1), deepQuestion),
  ]),
);

/** Seven million maps, a byte each: most of a frame, and an object each once decoded. */
const tinyValuesIn = (events: number): Misbehave => {
  const values = 7_000_000 / events;
  const count = Buffer.alloc(4);
  count.writeUInt32BE(values);
  const maps = new Raw(Buffer.concat([Buffer.from([0xdd]), count, Buffer.alloc(values, 0x80)]));
  return flood(1, (n) => {
    const list = Array.from({ length: events }, (_, index) => ({
      type: 'tiny',
      source: 'hostile',
      timestamp: n * events + index,
      data: { maps },
    }));
    return encodeFrame('record', requestId(n), pack({ events: list }));
  });
};
/** More in each event than is taken. */
export const refusedTinyValues = tinyValuesIn(7);
/** Within every limit. */
export const tinyValues = tinyValuesIn(140);

/** Has every tail and query it may have on everything there is, and takes a little of the answers now and then. */
export const slowReader: Misbehave = async (path, underWay) => {
  for (let dose = 0; ; dose += 1) {
    if (dose === 2) underWay();
    const raw = await RawClient.greet(path);
    const { databaseId } = raw.frames[0]?.body as { databaseId: string };
    raw.frames.splice(0);
    raw.socket.pause();
    for (let id = 2; id < 2 + limits.tailsPerConnection; id += 1) {
      raw.send('tail', id, { after: { databaseId, id: 0 } });
    }
    for (let id = 100; id < 400; id += 1) raw.send('query', id, { limit: limits.pageRows });
    await waitFor('the daemon to stop reading', () => raw.socket.writableLength === 0 || raw.isClosed);
    for (let reads = 0; reads < 20 && !raw.isClosed; reads += 1) {
      raw.socket.read(4_096);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    raw.destroy();
  }
};
