import { localTime, paint, plain } from '../output.ts';

/** One line of the daemon's log. */
export interface LogEntry {
  /** Seconds since 1970. */
  time: number;
  /** As pino numbers them: 20 debug, 30 info, 40 warn, 50 error, 60 fatal. */
  level: number;
  message: string;
  /** Everything else. */
  fields: { [name: string]: unknown };
}

const LEVELS: readonly (readonly [least: number, name: string, style: 'dim' | 'green' | 'yellow' | 'red'])[] = [
  [60, 'fatal', 'red'],
  [50, 'error', 'red'],
  [40, 'warn', 'yellow'],
  [30, 'info', 'green'],
  [0, 'debug', 'dim'],
];

/** Undefined for what the daemon has not written. */
export function parseLogEntry(line: string): LogEntry | undefined {
  try {
    const { time, level, msg, ...fields } = JSON.parse(line) as { [name: string]: unknown };
    const milliseconds = Date.parse(String(time));
    if (typeof level !== 'number' || typeof msg !== 'string' || Number.isNaN(milliseconds)) return undefined;
    return { time: milliseconds / 1000, level, message: msg, fields };
  } catch {
    return undefined;
  }
}

/** Local time, level, message, and the rest as `name=value`. */
export function logEntryText({ time, level, message, fields }: LogEntry): string {
  const [, name, style] = LEVELS.find(([least]) => level >= least) ?? [0, String(level), 'dim'];
  const rest = Object.entries(fields).map(([field, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return ` ${paint('dim', `${plain(field)}=`)}${plain(text)}`;
  });
  return `${paint('dim', localTime(time))} ${paint(style, name.padEnd(5))} ${plain(message)}${rest.join('')}\n`;
}
