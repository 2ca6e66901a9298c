import { type Block, decodeBlock, encodeBlock } from './block.ts';
import type { Owner } from './owner.ts';

/** Whose events a segment holds, and which process wrote it. The name of the file says who owns it now. */
export interface SegmentHeader {
  producer: string;
  epoch: string;
  writer: Owner;
}

export function encodeHeader({ producer, epoch, writer }: SegmentHeader): Buffer {
  return encodeBlock({ producer, epoch, pid: writer.pid, start: writer.start });
}

/** Undefined when the header is damaged; the records behind it may still be good. */
export function decodeHeader(bytes: Buffer): { header: SegmentHeader; end: number } | 'newer' | undefined {
  const block: Block | 'newer' | undefined = decodeBlock(bytes);
  if (block === undefined || block === 'newer') return block;
  const { producer, epoch, pid, start } = block.value as { [field: string]: unknown };
  if (typeof producer !== 'string' || typeof epoch !== 'string') return undefined;
  return { header: { producer, epoch, writer: { pid: Number(pid), start: String(start) } }, end: block.end };
}
