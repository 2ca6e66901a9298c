import { limits } from '../../shared/limits.ts';
import { MsgpackScanner } from '../../shared/msgpack-scanner.ts';

const scanner = new MsgpackScanner(limits.nestingDepth);

/** The headers come first: a body that hides its events behind more than this is counted as none. */
const HEADER_BYTES = 1_024;

const EVENTS = Buffer.from('\xa6events', 'latin1');

/** Events a record body announces, read from its headers alone; 0 for a body that the writer will refuse. */
export function eventCount(wholeBody: Buffer): number {
  try {
    const body = wholeBody.subarray(0, HEADER_BYTES);
    const fields = header(body, 0, 0x80, 0xde);
    let position = fields.next;
    for (let field = 0; field < fields.count; field += 1) {
      if (startsEvents(body, position)) {
        return Math.min(header(body, position + EVENTS.length, 0x90, 0xdc).count, limits.eventsPerFrame);
      }
      scanner.scan(body, position);
      scanner.scan(body, scanner.end);
      position = scanner.end;
    }
  } catch {
    // The writer says what is wrong with it.
  }
  return 0;
}

function startsEvents(body: Buffer, at: number): boolean {
  return EVENTS.compare(body, at, Math.min(at + EVENTS.length, body.length)) === 0;
}

function header(body: Buffer, at: number, fixedTag: number, tag16: number): { count: number; next: number } {
  const tag = body[at] ?? 0;
  if ((tag & 0xf0) === fixedTag) return { count: tag & 0x0f, next: at + 1 };
  if (tag === tag16) return { count: body.readUInt16BE(at + 1), next: at + 3 };
  if (tag === tag16 + 1) return { count: body.readUInt32BE(at + 1), next: at + 5 };
  return { count: 0, next: body.length };
}
