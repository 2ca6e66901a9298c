import type { SqlValue } from './question.ts';

/** As JSON: integers in all their digits, a blob as text in the form `x'1f8b'`. */
export function jsonText(value: SqlValue): string {
  if (typeof value === 'bigint') return String(value);
  return JSON.stringify(value instanceof Uint8Array ? blobText(value) : value);
}

/** For people and for tables. Null is nothing. */
export function valueText(value: SqlValue): string {
  if (value === null) return '';
  return value instanceof Uint8Array ? blobText(value) : String(value);
}

function blobText(value: Uint8Array): string {
  return `x'${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}'`;
}
