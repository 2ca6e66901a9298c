import type { EventCount } from '../index.ts';
import { localTime } from './output.ts';

export interface Bucket {
  /** When it begins, for people. */
  label: string;
  values: { hour: number; count: number } | { day: string; count: number };
}

/** Beyond so many buckets, those without events are left out: the first event may be of 1970. */
const MOST_EMPTY = 1_000;
const SECONDS_PER_HOUR = 3_600;

/** Counts by hour or by day as they follow one another, hours and days without events among them. */
export function buckets(counts: readonly EventCount[]): Bucket[] {
  const found = counts.flatMap(({ hour, day, count }): Bucket['values'][] => {
    if (hour !== undefined) return [{ hour, count }];
    return day === undefined ? [] : [{ day, count }];
  });
  return withEmpty(found).map((values) => ({
    label: 'hour' in values ? localTime(values.hour).slice(0, 16) : values.day,
    values,
  }));
}

function withEmpty(found: Bucket['values'][]): Bucket['values'][] {
  const all: Bucket['values'][] = [];
  for (const bucket of found) {
    let last = all.at(-1);
    while (last !== undefined && isBefore(following(last), bucket)) {
      last = following(last);
      all.push(last);
      if (all.length > MOST_EMPTY) return found;
    }
    all.push(bucket);
  }
  return all;
}

function following(bucket: Bucket['values']): Bucket['values'] {
  if ('hour' in bucket) return { hour: bucket.hour + SECONDS_PER_HOUR, count: 0 };
  const [year = 0, month = 1, date = 1] = bucket.day.split('-').map(Number);
  return { day: new Date(Date.UTC(year, month - 1, date + 1)).toISOString().slice(0, 10), count: 0 };
}

function isBefore(a: Bucket['values'], b: Bucket['values']): boolean {
  if ('hour' in a) return 'hour' in b && a.hour < b.hour;
  return 'day' in b && a.day < b.day;
}
