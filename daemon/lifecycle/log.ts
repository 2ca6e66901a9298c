import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { limits } from '../../shared/limits.ts';

export interface Log {
  logger: Logger;
  /** Opens the file again by its name, after somebody else moved it. */
  reopen(): void;
  close(): void;
}

/**
 * The daemon's log: one JSON line an entry, rotated by size (`daybook.log`, `.1`, `.2`, …). It names clients, counts and
 * errors, never the content of an event. A log that cannot be written never stops the daemon.
 */
export function openLog(path: string, level: string): Log {
  const file = destination({ dest: path, sync: true, mode: 0o600, append: true });
  file.on('error', () => undefined);
  let sizeBytes = sizeOf(path);

  const rotating: DestinationStream = {
    write(line) {
      file.write(line);
      sizeBytes += Buffer.byteLength(line);
      if (sizeBytes < limits.logFileBytes) return;
      sizeBytes = 0;
      try {
        rotate(path);
        file.reopen();
      } catch {
        // The directory is full or gone: go on with the file that is open.
      }
    },
  };
  const reopen = () => {
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      file.reopen();
      sizeBytes = sizeOf(path);
    } catch {
      // As above.
    }
  };
  const logger = pino({ level, base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, rotating);
  return { logger, reopen, close: () => file.end() };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function rotate(path: string): void {
  for (let index: number = limits.logFilesKept; index >= 1; index -= 1) {
    const from = index === 1 ? path : `${path}.${index - 1}`;
    if (existsSync(from)) renameSync(from, `${path}.${index}`);
  }
}
