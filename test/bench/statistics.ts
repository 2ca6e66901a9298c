/** The value that a share (0 to 1) of the values do not exceed: nearest rank. NaN when there are none. */
export function percentile(values: readonly number[], share: number): number {
  const ascending = values.toSorted((a, b) => a - b);
  return ascending[Math.max(Math.ceil(ascending.length * share) - 1, 0)] ?? Number.NaN;
}

/** The middle value, or the mean of the two in the middle. NaN when there are none. */
export function median(values: readonly number[]): number {
  const ascending = values.toSorted((a, b) => a - b);
  const upper = ascending[Math.floor(ascending.length / 2)] ?? Number.NaN;
  return ascending.length % 2 === 1 ? upper : ((ascending[ascending.length / 2 - 1] ?? Number.NaN) + upper) / 2;
}

export interface Spread {
  min: number;
  median: number;
  max: number;
}

export function spread(values: readonly number[]): Spread {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}
