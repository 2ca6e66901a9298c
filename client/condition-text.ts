import { DaybookError } from '../shared/errors.ts';
import { type Condition, type ConditionOperator, eventFields, type Scalar } from '../shared/messages/condition.ts';

const BARE_KEY = /^[^\s.[\]"=!<>~]+/;
const QUOTED = /^"(?:[^"\\]|\\.)*"/;
const ITEM = /^\[(\d{1,15})\]/;
const OPERATOR = /^\s*(!=|<=|>=|=|<|>|~)/;
const EXISTS = /^\s+exists\s*$/;

/**
 * A condition as a person types it: `data.path ~ /Projects/`, `data.size >= 1000`, `data.files[0].name = "a.txt"`,
 * `data."a key" exists`. Numbers, `true`, `false` and `null` are taken for what they are, unless they are quoted as JSON
 * text; `~` always looks for a text.
 * @throws DaybookError invalid_request
 */
export function parseCondition(text: string): Condition {
  const scanner = new Scanner(text);
  const path = scanner.path();
  if (scanner.takes(EXISTS) !== undefined) return { path, op: 'exists' };
  const op = scanner.takes(OPERATOR)?.[1] as ConditionOperator | undefined;
  if (op === undefined) {
    throw scanner.error(`after ${JSON.stringify(scanner.done)} comes one of = != < <= > >= ~, or exists`);
  }
  const written = scanner.rest.trim();
  if (written === '') throw scanner.error(`it lacks the value to compare with; an empty text is written ""`);
  const value = scalarOf(written);
  if (op === '~') return { path, op, value: typeof value === 'string' ? value : written };
  if (op !== '=' && op !== '!=' && typeof value !== 'string' && typeof value !== 'number') {
    throw scanner.error(`${op} compares numbers or texts`);
  }
  return { path, op, value };
}

/** A number, `true`, `false`, `null` or a quoted text as JSON writes them; anything else is a text as it stands. */
function scalarOf(text: string): Scalar {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return value as Scalar;
  } catch {
    // A text, then.
  }
  return text;
}

class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text.trim();
  }

  get rest(): string {
    return this.#text.slice(this.#at);
  }

  get done(): string {
    return this.#text.slice(0, this.#at);
  }

  takes(pattern: RegExp): RegExpExecArray | undefined {
    const found = pattern.exec(this.rest) ?? undefined;
    this.#at += found?.[0].length ?? 0;
    return found;
  }

  path(): (string | number)[] {
    const [first] = this.takes(BARE_KEY) ?? [];
    if (first === undefined || !(eventFields as readonly string[]).includes(first)) {
      const hint = first === undefined ? '' : `, perhaps data.${first}`;
      throw this.error(`it begins with one of ${eventFields.join(', ')}${hint}`);
    }
    const path: (string | number)[] = [first];
    for (;;) {
      const item = this.takes(ITEM);
      if (item !== undefined) path.push(Number(item[1]));
      else if (this.takes(/^\./) !== undefined) path.push(this.#key());
      else return path;
    }
  }

  error(message: string): DaybookError {
    return new DaybookError('invalid_request', `${JSON.stringify(this.#text)} is no condition: ${message}`);
  }

  #key(): string {
    const quoted = this.takes(QUOTED);
    try {
      const key: unknown = quoted === undefined ? this.takes(BARE_KEY)?.[0] : JSON.parse(quoted[0]);
      if (typeof key === 'string') return key;
    } catch {
      // A quoted key is JSON text or nothing.
    }
    throw this.error(`a key comes after ${JSON.stringify(this.done)}`);
  }
}
