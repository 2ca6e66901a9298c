import { UsageError } from './exit.ts';
import { unitSeconds } from './parse-time.ts';

const DURATION = /^(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*?)s?$/;

/** How long something takes as a person types it, in seconds: `60s`, `5m`, `1.5h`, `90`. @throws UsageError */
export function parseDuration(input: string): number {
  const [, number = '', unit = ''] = DURATION.exec(input.trim().toLowerCase()) ?? [];
  const seconds = Number(number) * (unit === '' ? 1 : (unitSeconds[unit] ?? Number.NaN));
  if (number === '' || !Number.isFinite(seconds) || seconds <= 0) {
    throw new UsageError(`${JSON.stringify(input)} is not a length of time I understand; try '60s', '5m' or '1.5h'`);
  }
  return seconds;
}
