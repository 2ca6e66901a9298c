import { limits } from '../limits.ts';
import { fieldsOf, invalid, isAbsent, oneOf } from './fields.ts';

export const conditionOperators = ['=', '!=', '<', '<=', '>', '>=', '~', 'exists'] as const;
export type ConditionOperator = (typeof conditionOperators)[number];

/** A value that a condition compares with. */
export type Scalar = string | number | boolean | null;

/**
 * What one value of an event must be. Without that value none holds, `!=` neither.
 *
 * | op | holds when the value |
 * |---|---|
 * | `=`, `!=` | is the scalar, or is another value: `"1"` is not `1` |
 * | `<`, `<=`, `>`, `>=` | is a number, or a text, as the other side is, and sorts so; texts by UTF-16 code units |
 * | `~` | is a text that contains the other, or a list with that text as an item |
 * | `exists` | is there, null too |
 */
export interface Condition {
  /** Keys from the event to the value, an item of a list by its place from 0: `['data', 'files', 0, 'path']`. */
  path: (string | number)[];
  op: ConditionOperator;
  /** Absent with `exists`. */
  value?: Scalar;
}

/** What the first key of a path can be. */
export const eventFields = ['id', 'type', 'source', 'timestamp', 'action', 'data'] as const;

/** @throws DaybookError invalid_request */
export function parseConditions(value: unknown): Condition[] | undefined {
  if (isAbsent(value)) return undefined;
  if (!Array.isArray(value) || value.length === 0 || value.length > limits.filterValues) {
    throw invalid(`where must be a list of 1 to ${limits.filterValues} conditions`);
  }
  return value.map(parseCondition);
}

function parseCondition(item: unknown): Condition {
  const fields = fieldsOf(item, ['path', 'op', 'value'], 'a condition');
  const path = parsePath(fields['path']);
  const op = oneOf(fields, 'op', conditionOperators);
  const value = fields['value'];
  if (op === 'exists') {
    if (!isAbsent(value)) throw invalid('a condition with exists has no value');
    return { path, op };
  }
  const wanted = { '=': SCALARS, '!=': SCALARS, '~': ['string'] }[op as string] ?? ['string', 'number'];
  const type = value === null ? 'null' : typeof value;
  // An absent value is no null: somebody forgot it.
  if (!Object.hasOwn(fields, 'value') || !wanted.includes(type)) {
    throw invalid(`the value of a condition with ${op} must be one of: ${wanted.join(', ')}`);
  }
  return { path, op, value: value as Scalar };
}

const SCALARS = ['string', 'number', 'boolean', 'null'];

function parsePath(value: unknown): (string | number)[] {
  const isPath =
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= limits.nestingDepth &&
    value.every((key) => typeof key === 'string' || (Number.isSafeInteger(key) && key >= 0));
  if (!isPath) throw invalid(`the path of a condition must be a list of 1 to ${limits.nestingDepth} keys`);
  if (!(eventFields as readonly unknown[]).includes(value[0])) {
    throw invalid(`the path of a condition must begin with one of: ${eventFields.join(', ')}`);
  }
  return value;
}
