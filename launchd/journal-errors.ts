import { errorAmong } from './printed-errors.ts';
import type { ServiceWords } from './service.ts';

/** The last error among what `journalctl --output json` prints, unless the daemon has been ready since. */
export function errorInJournal(text: string): ServiceWords | undefined {
  const entries = text.split('\n').flatMap(readEntry);
  const ready = entries.findLastIndex(({ message }) => message.includes(' is ready: pid '));
  const since = entries.slice(ready + 1);
  const found = errorAmong(since.map(({ message }) => message));
  const entry = since.findLast(({ message }) => found !== undefined && message.includes(found));
  return found === undefined || entry === undefined ? undefined : { text: found, timeMs: entry.timeMs };
}

/** Only what the daemon itself has printed; systemd's own remarks stand beside it. */
function readEntry(line: string): { message: string; timeMs: number }[] {
  try {
    const entry = JSON.parse(line) as { [field: string]: unknown };
    const { MESSAGE: message, SYSLOG_IDENTIFIER: identifier, __REALTIME_TIMESTAMP: microseconds } = entry;
    if (typeof message !== 'string' || identifier !== 'daybook') return [];
    return [{ message, timeMs: Number(microseconds) / 1000 }];
  } catch {
    return [];
  }
}
