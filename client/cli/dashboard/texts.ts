import { localTime } from '../output.ts';

/** What stands where a number is not known. */
export const UNKNOWN = 'not known';

/** A moment as short as it is clear: the clock time today, the day before, the year in another year. */
export function momentText(seconds: number, now: number): string {
  const text = localTime(seconds);
  const today = localTime(now);
  if (text.slice(0, 10) === today.slice(0, 10)) return text.slice(11, 19);
  return text.slice(0, 4) === today.slice(0, 4) ? text.slice(5, 16) : text.slice(0, 10);
}

export function rateText(perSecond: number): string {
  if (perSecond >= 100) return Math.round(perSecond).toLocaleString('en-US');
  return perSecond === 0 ? '0' : perSecond.toFixed(perSecond < 1 ? 2 : 1);
}

export function millisecondsText(milliseconds: number | null): string {
  if (milliseconds === null) return '-';
  if (milliseconds >= 1_000) return `${(milliseconds / 1_000).toFixed(1)} s`;
  return `${milliseconds.toFixed(milliseconds >= 100 ? 0 : milliseconds >= 10 ? 1 : 2)} ms`;
}

export function shareText(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
