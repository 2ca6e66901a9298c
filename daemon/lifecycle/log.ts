import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { limits } from '../../shared/limits.ts';
import { RepeatedMessages } from './repeated-messages.ts';

export interface Log {
  logger: Logger;
  /** Opens the file again by its name, after somebody else moved it. */
  reopen(): void;
  close(): void;
}

const HELD_BACK = 'a message was held back because it came too often';

/**
 * The daemon's log: one JSON line an entry, rotated by size (`daybook.log`, `.1`, `.2`, …). It names clients, counts and
 * errors, never the content of an event, and holds back what comes again and again. A log that cannot be written never stops the daemon.
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
  const repeated = new RepeatedMessages(limits.sameLogMessagesPerMinute);
  const logger = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: {
        logMethod(input, method) {
          const nowMs = performance.now();
          for (const held of repeated.held(nowMs)) method.apply(this, [held, HELD_BACK]);
          if (repeated.admit(String(input.at(-1)), nowMs)) method.apply(this, input);
        },
      },
    },
    rotating,
  );
  const close = () => {
    for (const held of repeated.held(performance.now(), true)) logger.warn(held, HELD_BACK);
    file.end();
  };
  return { logger, reopen, close };
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
