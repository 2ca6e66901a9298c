import type { TracePlace } from '../../../shared/messages/forget.ts';
import { bytesText, columns, localTime, plain, table, wholeNumber } from '../output.ts';
import type { Copy } from './copies.ts';

/** Something that can still hold what was forgotten. */
export interface NotReached {
  what: 'index' | 'log' | 'file' | 'spool' | 'copy' | 'backup' | 'unreadable' | 'elsewhere';
  /** What it is, and what to do about it. */
  message: string;
  path?: string;
  bytes?: number;
  /** Seconds since 1970. */
  modified?: number;
}

export interface ForgetReceipt {
  events: number;
  by_type: { [type: string]: number };
  patterns: number;
  names: number;
  /** Delivered from the spools of ended processes before, so that they were found. */
  spool_records: number;
  tombstones: number;
  bytes_rewritten: number;
  copies_deleted: string[];
  not_reached: NotReached[];
}

const PLACES: { [place in TracePlace]: string } = {
  index: 'the full-text index is in use; run the same command again',
  log: 'a program that reads the database holds its log; close it (daybook sql?) and run the same command again',
  file: 'the unused space of the database file was not cleared; run the same command again',
};

/** What is ours and could be reached another time: this makes the command fail. */
export function isFailure({ what }: NotReached): boolean {
  return what !== 'elsewhere' && what !== 'backup' && what !== 'copy';
}

export function notReachedPlaces(left: readonly TracePlace[]): NotReached[] {
  return left.map((what) => ({ what, message: PLACES[what] }));
}

export function notReachedFiles(what: 'copy' | 'backup', copies: readonly Copy[]): NotReached[] {
  const message =
    what === 'copy'
      ? 'a copy of the database that was set aside; --and-copies deletes it'
      : "a backup; if it is from before, delete it, and make a new one with 'daybook backup'";
  return copies.map((copy) => ({ what, message, ...copy }));
}

/** What no program can reach, or none can know of. */
export const ELSEWHERE: readonly NotReached[] = [
  'exports and other copies that were made of events, and what other programs have read',
  'events that were on their way, or are recorded again at another time: those are other events',
  'snapshots of the file system and of Time Machine, swap space, and blocks that a disk has set aside or not reused yet',
].map((message) => ({ what: 'elsewhere', message }));

export function receiptText(receipt: ForgetReceipt): string {
  const head = table([
    ['events', wholeNumber(receipt.events)],
    ['patterns', wholeNumber(receipt.patterns)],
    ['names', wholeNumber(receipt.names)],
    ['from spools', wholeNumber(receipt.spool_records)],
    ['rewritten', bytesText(receipt.bytes_rewritten)],
    ...(receipt.copies_deleted.length > 0
      ? [['copies deleted', wholeNumber(receipt.copies_deleted.length)] as const]
      : []),
  ]);
  const lines = receipt.not_reached.map(({ path, message, modified, bytes }) => {
    const file =
      path === undefined ? '' : `${plain(path)} (${localTime(modified ?? 0).slice(0, 16)}, ${bytesText(bytes ?? 0)}): `;
    return `  ${file}${plain(message)}\n`;
  });
  return `${head}\nnot reached\n${lines.join('')}`;
}

/** Events by type, the most first. */
export function typeTable(byType: ReadonlyMap<string, number>): string {
  const rows = [...byType].toSorted((a, b) => b[1] - a[1]).map(([type, events]) => [plain(type), wholeNumber(events)]);
  return rows.length === 0 ? '' : columns(['type', 'events'], rows, 'events');
}
