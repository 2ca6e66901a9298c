import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, test } from 'node:test';
import { parseCondition } from '../../client/condition-text.ts';
import { type Condition, eventFields } from '../../shared/messages/condition.ts';
import { parseFilter } from '../../shared/messages/filter.ts';
import { checkProperty } from '../harness/property.ts';

describe('a condition as it is typed', () => {
  const readings: [text: string, path: Condition['path'], op: Condition['op'], value?: Condition['value']][] = [
    ['data.path ~ /Projects/', ['data', 'path'], '~', '/Projects/'],
    ['data.path~/Projects/', ['data', 'path'], '~', '/Projects/'],
    ['  data.path  =  two words  ', ['data', 'path'], '=', 'two words'],
    ['data.size >= 1000', ['data', 'size'], '>=', 1000],
    ['data.size<-1.5e3', ['data', 'size'], '<', -1500],
    ['data.size = "1000"', ['data', 'size'], '=', '1000'],
    ['data.size != null', ['data', 'size'], '!=', null],
    ['data.isNew = true', ['data', 'isNew'], '=', true],
    ['data.isNew = TRUE', ['data', 'isNew'], '=', 'TRUE'],
    ['data.text ~ 42', ['data', 'text'], '~', '42'],
    ['data.text ~ "42"', ['data', 'text'], '~', '42'],
    ['data.text = ""', ['data', 'text'], '=', ''],
    ['data.text = a = b != c', ['data', 'text'], '=', 'a = b != c'],
    ['data.text = [1]', ['data', 'text'], '=', '[1]'],
    ['data.name exists', ['data', 'name'], 'exists'],
    ['data.exists = exists', ['data', 'exists'], '=', 'exists'],
    ['data.files[0].path exists', ['data', 'files', 0, 'path'], 'exists'],
    ['data.m[1][2] > 3', ['data', 'm', 1, 2], '>', 3],
    ['data."a.b \\" c".d = 1', ['data', 'a.b " c', 'd'], '=', 1],
    ['data."" = 1', ['data', ''], '=', 1],
    ['data.größe-2 = 1', ['data', 'größe-2'], '=', 1],
    ['type = file_op', ['type'], '=', 'file_op'],
    ['action exists', ['action'], 'exists'],
    ['timestamp > 1790000000.5', ['timestamp'], '>', 1790000000.5],
  ];
  for (const [text, path, op, value] of readings) {
    test(`is understood: ${text}`, () => {
      const condition = { path, op, ...(value !== undefined && { value }) };
      assert.deepEqual(parseCondition(text), condition);
      assert.deepEqual(parseFilter({ where: [condition] }), { where: [condition] }, 'the daemon takes it');
    });
  }

  const refusals: [text: string, message: RegExp][] = [
    ['', /begins with one of id, type/],
    ['path ~ x', /perhaps data\.path/],
    ['= 1', /begins with/],
    ['data. = 1', /a key comes after "data\."/],
    ['data.a b = 1', /after "data\.a" comes/],
    ['data.a', /after "data\.a" comes/],
    ['data.a is 1', /after "data\.a" comes/],
    ['data.a exists now', /after "data\.a" comes/],
    ['data.a =', /an empty text is written ""/],
    ['data.a < true', /numbers or texts/],
    ['data.a[x] = 1', /after "data\.a" comes/],
    ['data."a = 1', /a key comes after/],
    ['data."\\x" = 1', /a key comes after/],
  ];
  for (const [text, message] of refusals) {
    test(`is refused with a reason: ${text}`, () => {
      assert.throws(() => parseCondition(text), { name: 'DaybookError', code: 'invalid_request', message });
    });
  }

  test('is either taken by the daemon or refused, whatever is typed', async (t) => {
    const piece = fc.constantFrom(
      ...eventFields,
      '.',
      '[0]',
      '[',
      '"',
      '\\',
      ' ',
      '=',
      '!',
      '<',
      '~',
      'exists',
      '1',
      'é',
      '😀',
    );
    await checkProperty(
      t,
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        let condition: Condition;
        try {
          condition = parseCondition(pieces.join(''));
        } catch (error) {
          assert.equal((error as Error).name, 'DaybookError', String(error));
          return;
        }
        assert.deepEqual(parseFilter({ where: [condition] }), { where: [condition] });
      }),
      500,
    );
  });
});
