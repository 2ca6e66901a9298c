/** The next larger float64 of a number that is not negative: a range up to it holds that number only. */
export function numberAfter(value: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  bits.setBigUint64(0, value === 0 ? 1n : bits.getBigUint64(0) + 1n);
  return bits.getFloat64(0);
}
