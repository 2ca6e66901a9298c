/**
 * The canonical text of a JSON value: RFC 8785 (JSON Canonicalization Scheme). Keys sorted by UTF-16 code units, numbers
 * as ECMAScript prints them, no white space.
 */
export interface CanonicalJson {
  text: string;
  /** Whether every map had its keys in canonical order already, so that `text` is also JSON.stringify of the value. */
  inOrder: boolean;
  /** Map entries at all levels. */
  entries: number;
}

/** @param value decoded msgpack that has only what JSON has: finite numbers, well-formed strings, plain maps */
export function canonicalJson(value: unknown): CanonicalJson {
  const result: CanonicalJson = { text: '', inOrder: true, entries: 0 };
  result.text = write(value, result);
  return result;
}

function write(value: unknown, result: CanonicalJson): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      // The only number whose usual form is not its JSON form: -0 prints as 0 in both.
      return `${value}`;
    case 'boolean':
      return value ? 'true' : 'false';
    default:
  }
  if (Array.isArray(value)) {
    let text = '[';
    for (let index = 0; index < value.length; index += 1) {
      if (index > 0) text += ',';
      text += write(value[index], result);
    }
    return `${text}]`;
  }
  if (typeof value !== 'object' || value === null) return 'null';

  const map = value as { [key: string]: unknown };
  const keys = Object.keys(map);
  result.entries += keys.length;
  for (let index = 1; index < keys.length; index += 1) {
    if ((keys[index] as string) < (keys[index - 1] as string)) {
      result.inOrder = false;
      keys.sort();
      break;
    }
  }
  let text = '{';
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index] as string;
    text += `${index > 0 ? ',' : ''}${JSON.stringify(key)}:${write(map[key], result)}`;
  }
  return `${text}}`;
}
