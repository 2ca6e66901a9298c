import * as fc from 'fast-check';

/** The same bytes, which a failed property shows in hexadecimal. */
export function shownAsHex(bytes: Buffer): Buffer {
  return Object.assign(Buffer.from(bytes), { [fc.toStringMethod]: () => `hex ${bytes.toString('hex')}` });
}
