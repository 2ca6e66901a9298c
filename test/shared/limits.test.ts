import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { limits, wireLimits } from '../../shared/limits.ts';

/** Bytes of msgpack around the data of an event in an answer: field names, id, timestamp, and three names in full. */
const ENVELOPE_BYTES = 64 + 9 + 9 + 3 * (3 + limits.nameBytes);
/** Most bytes of msgpack for one UTF-16 code unit of JSON text: a character of three bytes; `0.5,` takes nine for four. */
const MSGPACK_PER_JSON = 3;
/** Most bytes of JSON text for one byte of msgpack: a control character, or `false,`. */
const JSON_PER_MSGPACK = 6;

const relations: [what: string, holds: boolean][] = [
  ['an event fits into a frame', limits.eventBytes < limits.frameBytes],
  ['a frame can hold several events of full size', limits.eventBytes * 4 <= limits.frameBytes],
  ['a request other than record is smaller than an event', limits.controlBodyBytes < limits.eventBytes],
  ['a full filter fits into a request', 3 * limits.filterValues * (limits.nameBytes + 3) < limits.controlBodyBytes],
  ['every source with a cadence is in a listing', limits.declaredSources < limits.sourcesListed],
  [
    'a full listing of sources fits into an answer',
    limits.sourcesListed * (limits.nameBytes + 256) < limits.frameBytes,
  ],
  ['the ids of a mark fit into a request', limits.idsPerMark * 9 + 256 < limits.controlBodyBytes],
  ['names fit into an event', 3 * limits.nameBytes < limits.eventBytes],
  [
    'a full page of stored text fits into a frame',
    limits.pageBytes * MSGPACK_PER_JSON + limits.pageRows * ENVELOPE_BYTES < limits.frameBytes,
  ],
  ['the largest event fits into an answer', limits.eventBytes * 2 + ENVELOPE_BYTES < limits.frameBytes],
  ['an event is not larger than a page', limits.eventBytes <= limits.pageBytes],
  ['the text of every event can be expanded again', limits.eventBytes * JSON_PER_MSGPACK <= limits.payloadJsonBytes],
  ['a page of the largest size can wait for a slow reader', limits.frameBytes < limits.pendingReplyBytes],
  ['one connection cannot fill the queue', limits.ingestQueueBytesPerConnection < limits.ingestQueueBytes],
  ['the queue holds several frames of full size', limits.frameBytes * 2 <= limits.ingestQueueBytes],
  ['the writer holds less than the queue', limits.writerWindowBytes < limits.ingestQueueBytes],
  ['every event of a frame can have its own index in two bytes', limits.eventsPerFrame < 2 ** 16],
  ['a page is read in one window', limits.pageRows < limits.scanRows],
  ['one connection cannot fill the queue of the reader', limits.requestsPerConnection < limits.readerQueueRequests],
  ['a query ends long before a frame times out', limits.queryDeadlineMs < limits.frameTimeoutMs],
  ['a greeting is quicker than a frame', limits.helloTimeoutMs < limits.frameTimeoutMs],
  ['a slice of maintenance is short beside a query', limits.maintenanceSliceMs < limits.queryDeadlineMs],
  ['a shutdown ends before the service manager kills', limits.shutdownMs < 20_000],
  ['timestamps start at 1970 and end with the year 9999', limits.timestampMinSeconds === 0],
  ['the year 10000 is out', limits.timestampMaxSeconds === Date.UTC(9999, 11, 31, 23, 59, 59) / 1000 + 1],
  ['payloads worth compressing are smaller than an event', limits.compressFromBytes < limits.eventBytes],
  ['a socket path that fits macOS fits Linux', limits.socketPathBytesDarwin < limits.socketPathBytesLinux],
];

describe('limits', () => {
  for (const [what, holds] of relations) test(what, () => assert.ok(holds));

  test('are positive whole numbers, the smallest timestamp apart', () => {
    for (const [name, value] of Object.entries(limits)) {
      assert.ok(Number.isSafeInteger(value) && (value > 0 || name === 'timestampMinSeconds'), name);
    }
  });

  test('those on the wire have the name and value of their original', () => {
    for (const [name, value] of Object.entries(wireLimits)) {
      assert.equal(limits[name as keyof typeof limits], value, name);
    }
  });
});
