/**
 * Reading the fields of a message body that came from the other side. Each function narrows one field or throws
 * `invalid_request` with the field's name.
 */
import { DaybookError } from '../errors.ts';

export type Fields = { readonly [name: string]: unknown };

export function invalid(message: string): DaybookError {
  return new DaybookError('invalid_request', message);
}

/**
 * A map whose names are all known: a field that is not understood may not be passed over.
 * @param what how to name the map in a message
 */
export function fieldsOf(value: unknown, known: readonly string[], what = 'the body'): Fields {
  const fields = anyFieldsOf(value, what);
  const unknown = Object.keys(fields).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw invalid(`unknown field ${JSON.stringify(unknown)} in ${what}; known are: ${known.join(', ')}`);
  }
  return fields;
}

/** A map whose further fields are allowed: replies, and hello. */
export function anyFieldsOf(value: unknown, what = 'the body'): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(`${what} must be a map`);
  return value as Fields;
}

export function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string') throw invalid(`${name} must be text`);
  return value;
}

export function optionalText(fields: Fields, name: string): string | undefined {
  return isAbsent(fields[name]) ? undefined : text(fields, name);
}

export function finiteNumber(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid(`${name} must be a finite number`);
  return value;
}

export function optionalNumber(fields: Fields, name: string): number | undefined {
  return isAbsent(fields[name]) ? undefined : finiteNumber(fields, name);
}

/** A whole number in [min, max]. */
export function wholeNumber(fields: Fields, name: string, min: number, max: number): number {
  const value = fields[name];
  if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
    throw invalid(`${name} must be a whole number from ${min} to ${max}`);
  }
  return value as number;
}

export function optionalFlag(fields: Fields, name: string): boolean | undefined {
  const value = fields[name];
  if (isAbsent(value)) return undefined;
  if (typeof value !== 'boolean') throw invalid(`${name} must be true or false`);
  return value;
}

export function oneOf<const Choice extends string>(fields: Fields, name: string, choices: readonly Choice[]): Choice {
  const value = fields[name];
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw invalid(`${name} must be one of: ${choices.join(', ')}`);
  return choice;
}

/** A list of texts, or one text that means a list of one. */
export function optionalTexts(fields: Fields, name: string, maxCount: number): string[] | undefined {
  const value = fields[name];
  if (isAbsent(value)) return undefined;
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > maxCount || !list.every((item) => typeof item === 'string')) {
    throw invalid(`${name} must be text, or a list of 1 to ${maxCount} texts`);
  }
  return list;
}

export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}
