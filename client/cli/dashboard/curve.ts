import type { Charset } from './charset.ts';

/**
 * Values as a curve of one line, one cell for each or for a few neighbours, which are summed up. A value that is not known
 * is a blank; 0 is one too, so that what is there stands out.
 */
export function sparkline(values: readonly (number | null)[], width: number, { levels }: Charset): string {
  const cells = grouped(values, width);
  const most = Math.max(0, ...cells.map((value) => value ?? 0));
  return cells
    .map((value) => {
      if (value === null || value <= 0) return ' ';
      return levels[Math.min(levels.length - 1, Math.floor((value / most) * levels.length))] ?? ' ';
    })
    .join('');
}

/** A share of `width` cells, from the left; anything above nothing is seen. */
export function bar(share: number, width: number, { parts }: Charset): string {
  const steps = Math.round(Math.min(Math.max(share, 0), 1) * width * parts.length);
  const whole = Math.floor(steps / parts.length);
  const rest = steps % parts.length;
  const full = (parts.at(-1) ?? '').repeat(whole);
  if (rest > 0) return full + (parts[rest - 1] ?? '');
  return full === '' && share > 0 ? (parts[0] ?? '') : full;
}

/** How many neighbours share a cell. */
export function perCell(count: number, width: number): number {
  return Math.max(1, Math.ceil(count / Math.max(1, width)));
}

function grouped(values: readonly (number | null)[], width: number): (number | null)[] {
  const size = perCell(values.length, width);
  const cells: (number | null)[] = [];
  // The newest cell is whole: what does not come out even is at the old end.
  for (let end = values.length; end > 0; end -= size) {
    const known = values.slice(Math.max(0, end - size), end).filter((value) => value !== null);
    cells.unshift(known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0));
  }
  return cells;
}
