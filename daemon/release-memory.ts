import { isMarkedAsUntransferable } from 'node:worker_threads';

/** Less is left to the collector. */
const WORTH_BYTES = 16 * 1024;

/**
 * Gives the memory behind these bytes back at once, all of it: nobody may look at it any more. The collector would let it
 * pile up, because it goes by the size of objects, and these are small ones that hold megabytes. Memory that Node shares
 * out to small buffers is left alone.
 */
export function releaseMemory({ buffer }: Uint8Array): void {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength < WORTH_BYTES || isMarkedAsUntransferable(buffer)) return;
  buffer.transfer(0);
}
