import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Service, ServiceWords } from '../../../launchd/service.ts';
import { type LogEntry, parseLogEntry } from '../logs/log-entry.ts';

const READ_BYTES = 64 * 1024;
const ERROR = 50;
/** What is printed and what is logged about one fault come together. */
const SAME_FAULT_MS = 5_000;

/** What the end of the daemon's log says. */
export interface LogEnd {
  /** The last error since the daemon was last ready or stopped in order. */
  error: ServiceWords | undefined;
  /** When it was last ready or stopped in order, milliseconds since 1970; undefined when that is not in there. */
  soundMs: number | undefined;
  /** Pid of the daemon that was last ready, if that is the newest of such entries. */
  readyPid: number | undefined;
}

/** Reads the last 64 KiB of the log. A log that is not there says nothing. */
export function readLogEnd(path: string): LogEnd {
  const entries = endOf(path)
    .split('\n')
    .flatMap((line) => parseLogEntry(line) ?? []);
  const soundIndex = entries.findLastIndex(({ message }) => message === 'ready' || message === 'stopped');
  const sound = entries[soundIndex];
  const error = entries.slice(soundIndex + 1).findLast(({ level }) => level >= ERROR);
  const pid = sound?.message === 'ready' ? sound.fields['pid'] : undefined;
  return {
    error: error && { text: textOf(error), timeMs: error.time * 1000 },
    soundMs: sound && sound.time * 1000,
    readyPid: typeof pid === 'number' ? pid : undefined,
  };
}

/** The last error that the daemon has printed or logged since it was sound; undefined when there is none. */
export async function lastErrorOf(service: Service | undefined, log: LogEnd): Promise<ServiceWords | undefined> {
  const printed = await service?.lastError().catch(() => undefined);
  const isStale = printed !== undefined && log.soundMs !== undefined && printed.timeMs < log.soundMs;
  if (printed === undefined || isStale) return log.error;
  if (log.error === undefined) return printed;
  // The printed line has the cure.
  return log.error.timeMs - printed.timeMs > SAME_FAULT_MS ? log.error : printed;
}

function textOf({ message, fields }: LogEntry): string {
  const { error } = fields;
  return typeof error === 'string' ? `${message}: ${error}` : message;
}

function endOf(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, READ_BYTES));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString('utf8');
  } finally {
    closeSync(file);
  }
}
