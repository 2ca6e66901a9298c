import { UsageError } from './exit.ts';

export const unitSeconds: { readonly [unit: string]: number } = {
  s: 1,
  sec: 1,
  second: 1,
  m: 60,
  min: 60,
  minute: 60,
  h: 3_600,
  hour: 3_600,
  d: 86_400,
  day: 86_400,
  w: 604_800,
  week: 604_800,
};

const CLOCK = String.raw`(?:\s+(?:at\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?)?`;
const AGO = /^(\d+(?:\.\d+)?)\s*([a-z]+?)s?(?:\s+ago)?$/;
const EPOCH = /^\d{1,12}(?:\.\d+)?$/;
const NAMED_DAY = new RegExp(`^(today|yesterday)${CLOCK}$`);
const DATE = new RegExp(`^(\\d{4})-(\\d{2})-(\\d{2})${CLOCK}$`);
const CLOCK_ONLY = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;
const ISO = /^\d{4}-\d{2}-\d{2}t\d{2}:\d{2}/;

/**
 * A point in time as a person types it, in seconds since 1970: `now`, `2h ago`, `30m`, `today 9:00`, `yesterday`,
 * `2026-11-21`, `2026-11-21 15:00`, ISO 8601, epoch seconds, and whatever else can be understood. Times without a zone
 * are local; a day without a time is its midnight.
 * @throws UsageError
 */
export async function parseTime(input: string, now: Date = new Date()): Promise<number> {
  const text = input.trim().toLowerCase();
  const seconds = isImpossibleDate(text) ? undefined : (parseCommon(text, now) ?? (await parseFreely(input, now)));
  if (seconds === undefined || !Number.isFinite(seconds)) {
    throw new UsageError(
      `${JSON.stringify(input)} is not a time I understand; try '2h ago', 'yesterday 15:00', '2026-11-21 09:30' or epoch seconds`,
    );
  }
  return seconds;
}

function isImpossibleDate(text: string): boolean {
  const [, year, month, day] = (/^(\d{4})-(\d{2})-(\d{2})/.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day;
}

function parseCommon(text: string, now: Date): number | undefined {
  if (text === 'now') return now.getTime() / 1000;
  if (EPOCH.test(text)) return Number(text);
  if (ISO.test(text)) {
    const parsed = Date.parse(text.toUpperCase());
    return Number.isNaN(parsed) ? undefined : parsed / 1000;
  }
  const ago = AGO.exec(text);
  if (ago !== null) {
    const unit = unitSeconds[ago[2] ?? ''];
    if (unit !== undefined) return now.getTime() / 1000 - Number(ago[1]) * unit;
  }
  const named = NAMED_DAY.exec(text);
  if (named !== null) {
    const day = now.getDate() - (named[1] === 'yesterday' ? 1 : 0);
    return localTime(now.getFullYear(), now.getMonth(), day, named.slice(2));
  }
  const date = DATE.exec(text);
  if (date !== null) return localTime(Number(date[1]), Number(date[2]) - 1, Number(date[3]), date.slice(4));
  const clock = CLOCK_ONLY.exec(text);
  if (clock !== null) return localTime(now.getFullYear(), now.getMonth(), now.getDate(), clock.slice(1));
  return undefined;
}

function localTime(year: number, month: number, day: number, clock: (string | undefined)[]): number | undefined {
  const [hours = 0, minutes = 0, seconds = 0] = clock.map((part) => Number(part ?? 0));
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined;
  const time = new Date(year, month, day, hours, minutes, seconds);
  // "2026-02-31" would otherwise be a day in March.
  return time.getTime() / 1000;
}

/** Everything else goes to a parser that takes 90 ms to load. */
async function parseFreely(input: string, now: Date): Promise<number | undefined> {
  const chrono = await import('chrono-node');
  const [result] = chrono.parse(input, now);
  if (result === undefined || result.text.trim().length < input.trim().length) return undefined;
  const time = result.start.date();
  // It takes a bare day to mean noon.
  if (!result.start.isCertain('hour')) time.setHours(0, 0, 0, 0);
  return time.getTime() / 1000;
}
