import { limits } from '../../../shared/limits.ts';

/** A value within a JSON document. */
export interface JsonPart {
  /** The keys that lead to it; `*` stands for a place in an array. */
  readonly path: readonly string[];
  /** Its place in its array, from 1; 0 when it is in none. */
  readonly number: number;
  /** Its JSON text, not yet checked; undefined when it is longer than a frame. */
  readonly bytes: Buffer | undefined;
}

type Expected = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'comma or end' | 'nothing';

interface Level {
  readonly isMap: boolean;
  key: string;
  count: number;
}

interface Token {
  readonly kind: 'key' | 'value' | 'passed over';
  /** A number or a word ends where something else begins; the others with their own last byte. */
  readonly isBare: boolean;
  depth: number;
  isInString: boolean;
  isEscaped: boolean;
  parts: Buffer[];
  bytes: number;
}

const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c];
const [MAP, END_OF_MAP, LIST, END_OF_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const DEEPEST = 64;

/**
 * Takes a JSON document apart without ever holding more of it than one of the wanted values. Feed it with `push`, in
 * pieces of any size; the structure around the wanted values is checked, they themselves are handed out unread.
 */
export class JsonParts {
  readonly #isWanted: (path: readonly string[]) => boolean;
  readonly #levels: Level[] = [];
  #expected: Expected = 'value';
  #token: Token | undefined;
  #found: JsonPart[] = [];
  #path: readonly string[] = [];
  #passedBytes = 0;
  /** Why the document is no JSON. */
  failure: Error | undefined;

  constructor(isWanted: (path: readonly string[]) => boolean) {
    this.#isWanted = isWanted;
  }

  /** Takes a piece and returns the wanted values that end in it, up to the place where it stops being JSON. */
  push(chunk: Buffer): JsonPart[] {
    try {
      let at = 0;
      while (at < chunk.length && this.failure === undefined) {
        at = this.#token === undefined ? this.#structure(chunk, at) : this.#continue(this.#token, chunk, at);
      }
    } catch (error) {
      this.failure = error as Error;
    }
    this.#passedBytes += chunk.length;
    const found = this.#found;
    this.#found = [];
    return found;
  }

  /** @throws when the document is not complete */
  end(): JsonPart[] {
    if (this.failure !== undefined) throw this.failure;
    if (this.#token?.isBare === true) this.#finish(this.#token);
    if (this.#expected !== 'nothing' || this.#token !== undefined) throw new Error('the JSON document ends early');
    return this.#found;
  }

  /** One byte between values; returns where to go on. */
  #structure(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? 0;
    if (isBlank(byte) || (this.#passedBytes + at < 3 && byte === BYTE_ORDER_MARK[this.#passedBytes + at]))
      return at + 1;
    const level = this.#levels.at(-1);
    const isEnd = level !== undefined && byte === (level.isMap ? END_OF_MAP : END_OF_LIST);
    switch (this.#expected) {
      case 'value or end':
      case 'key or end':
        if (isEnd) return this.#leave(at);
        return this.#expected === 'key or end' ? this.#key(chunk, at) : this.#value(chunk, at);
      case 'value':
        return this.#value(chunk, at);
      case 'key':
        return this.#key(chunk, at);
      case 'colon':
        if (byte !== COLON) return this.#fail(at);
        this.#expected = 'value';
        return at + 1;
      case 'comma or end':
        if (isEnd) return this.#leave(at);
        if (byte !== COMMA) return this.#fail(at);
        this.#expected = level?.isMap === true ? 'key' : 'value';
        return at + 1;
      case 'nothing':
        break;
    }
    return this.#fail(at);
  }

  #key(chunk: Buffer, at: number): number {
    if (chunk[at] !== QUOTE) return this.#fail(at);
    this.#token = newToken('key', QUOTE);
    return this.#continue(this.#token, chunk, at, at + 1);
  }

  #value(chunk: Buffer, at: number): number {
    const byte = chunk[at] ?? 0;
    const level = this.#levels.at(-1);
    if (level?.isMap === false) level.count += 1;
    const path = this.#levels.map(({ isMap, key }) => (isMap ? key : '*'));
    if (byte === COMMA || byte === COLON || byte === END_OF_MAP || byte === END_OF_LIST) return this.#fail(at);
    const isWanted = this.#isWanted(path);
    if (!isWanted && (byte === MAP || byte === LIST)) {
      if (this.#levels.length === DEEPEST) return this.#fail(at);
      this.#levels.push({ isMap: byte === MAP, key: '', count: 0 });
      this.#expected = byte === MAP ? 'key or end' : 'value or end';
      return at + 1;
    }
    this.#path = path;
    this.#token = newToken(isWanted ? 'value' : 'passed over', byte);
    return this.#continue(this.#token, chunk, at, at + 1);
  }

  /** Takes what of the token is in the chunk; returns where to go on. */
  #continue(token: Token, chunk: Buffer, from: number, scanFrom = from): number {
    const end = token.isBare ? endOfBare(chunk, scanFrom) : endOf(token, chunk, scanFrom);
    const to = end ?? chunk.length;
    token.bytes += to - from;
    if (token.bytes > limits.frameBytes) token.parts = [];
    else if (token.kind !== 'passed over') token.parts.push(chunk.subarray(from, to));
    if (end !== undefined) this.#finish(token);
    return to;
  }

  #finish(token: Token): void {
    this.#token = undefined;
    const bytes = token.bytes > limits.frameBytes ? undefined : Buffer.concat(token.parts);
    const level = this.#levels.at(-1);
    if (token.kind === 'key') {
      if (level !== undefined && bytes !== undefined) level.key = parsedKey(bytes);
      this.#expected = 'colon';
      return;
    }
    if (token.kind === 'value')
      this.#found.push({ path: this.#path, number: level?.isMap === false ? level.count : 0, bytes });
    this.#expected = level === undefined ? 'nothing' : 'comma or end';
  }

  #leave(at: number): number {
    this.#levels.pop();
    this.#expected = this.#levels.length === 0 ? 'nothing' : 'comma or end';
    return at + 1;
  }

  #fail(at: number): never {
    throw new Error(`the document is not JSON from byte ${this.#passedBytes + at + 1} on`);
  }
}

/** The wanted values of a document, as they come. @throws when it is no JSON, or not complete */
export async function* jsonParts(
  input: AsyncIterable<Buffer>,
  isWanted: (path: readonly string[]) => boolean,
): AsyncGenerator<JsonPart, void, undefined> {
  const parts = new JsonParts(isWanted);
  for await (const chunk of input) {
    yield* parts.push(chunk);
    if (parts.failure !== undefined) break;
  }
  yield* parts.end();
}

function newToken(kind: Token['kind'], first: number): Token {
  const isContainer = first === MAP || first === LIST;
  return {
    kind,
    isBare: !isContainer && first !== QUOTE,
    depth: isContainer ? 1 : 0,
    isInString: first === QUOTE,
    isEscaped: false,
    parts: [],
    bytes: 0,
  };
}

/** Behind the last byte of a text, map or list; undefined when it goes on. */
function endOf(token: Token, chunk: Buffer, from: number): number | undefined {
  let { depth, isInString, isEscaped } = token;
  for (let at = from; at < chunk.length; at += 1) {
    const byte = chunk[at];
    if (isInString) {
      if (isEscaped) isEscaped = false;
      else if (byte === BACKSLASH) isEscaped = true;
      else if (byte === QUOTE) {
        isInString = false;
        if (depth === 0) return at + 1;
      }
    } else if (byte === QUOTE) isInString = true;
    else if (byte === MAP || byte === LIST) depth += 1;
    else if (byte === END_OF_MAP || byte === END_OF_LIST) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  Object.assign(token, { depth, isInString, isEscaped });
  return undefined;
}

function endOfBare(chunk: Buffer, from: number): number | undefined {
  for (let at = from; at < chunk.length; at += 1) {
    const byte = chunk[at] ?? 0;
    if (byte === COMMA || byte === END_OF_MAP || byte === END_OF_LIST || isBlank(byte)) return at;
  }
  return undefined;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function parsedKey(bytes: Buffer): string {
  try {
    return JSON.parse(bytes.toString('utf8')) as string;
  } catch (cause) {
    throw new Error('the document has a key that is not JSON', { cause });
  }
}
