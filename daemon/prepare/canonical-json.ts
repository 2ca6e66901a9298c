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
  const writer = new CanonicalWriter();
  writer.write(value);
  return { text: writer.text(), inOrder: writer.inOrder, entries: writer.entries };
}

/** Text that grows by many small pieces is kept as a tree of them; past this size it becomes one string. */
const FLATTEN_CHARACTERS = 16 * 1024;
const LONG_LIST = 16;

class CanonicalWriter {
  inOrder = true;
  entries = 0;
  #text = '';
  readonly #done: string[] = [];

  text(): string {
    return this.#done.length === 0 ? this.#text : this.#done.join('') + this.#text;
  }

  write(value: unknown): void {
    if (typeof value === 'string') this.#text += JSON.stringify(value);
    // Numbers are finite; -0 prints as 0, as RFC 8785 wants.
    else if (typeof value === 'number') this.#text += value;
    else if (typeof value === 'boolean') this.#text += value;
    else if (Array.isArray(value)) this.#writeList(value);
    else if (typeof value === 'object' && value !== null) this.#writeMap(value as { [key: string]: unknown });
    else this.#text += 'null';
    if (this.#text.length > FLATTEN_CHARACTERS) {
      this.#done.push(flat(this.#text));
      this.#text = '';
    }
  }

  #writeList(list: readonly unknown[]): void {
    // Without maps inside there is nothing to sort, and nothing prints faster than the engine.
    if (list.length >= LONG_LIST && list.every((item) => typeof item !== 'object' || item === null)) {
      this.#text += JSON.stringify(list);
      return;
    }
    this.#text += '[';
    for (let index = 0; index < list.length; index += 1) {
      if (index > 0) this.#text += ',';
      this.write(list[index]);
    }
    this.#text += ']';
  }

  #writeMap(map: { [key: string]: unknown }): void {
    const keys = Object.keys(map);
    this.entries += keys.length;
    for (let index = 1; index < keys.length; index += 1) {
      if ((keys[index] as string) < (keys[index - 1] as string)) {
        this.inOrder = false;
        keys.sort();
        break;
      }
    }
    this.#text += '{';
    for (let index = 0; index < keys.length; index += 1) {
      const key = keys[index] as string;
      if (index > 0) this.#text += ',';
      this.#text += JSON.stringify(key);
      this.#text += ':';
      this.write(map[key]);
    }
    this.#text += '}';
  }
}

/** The same text as one piece of memory: searching it makes V8 put the pieces together. */
function flat(text: string): string {
  text.indexOf('\u0000');
  return text;
}
