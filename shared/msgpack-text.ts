/** The text at this place when it is ASCII of at most 31 bytes, as the names of fields are; undefined for all else. */
export function shortTextAt(bytes: Buffer, at: number): string | undefined {
  const size = (bytes[at] ?? 0) - 0xa0;
  const end = at + 1 + size;
  if (size < 0 || size > 31 || end > bytes.length) return undefined;
  let bits = 0;
  for (let position = at + 1; position < end; position += 1) bits |= bytes[position] as number;
  return bits < 0x80 ? bytes.toString('latin1', at + 1, end) : undefined;
}
