import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { columnName, columnValue, parseColumns } from '../../../../client/cli/export/column.ts';
import { record } from '../../../../client/cli/export/csv.ts';
import { UsageError } from '../../../../client/cli/exit.ts';
import type { Json } from '../../../../shared/event.ts';
import { checkProperty } from '../../../harness/property.ts';
import { parseCsv } from './rfc4180.ts';

const anyText = fc.string({ unit: fc.oneof(fc.constantFrom(',', '"', '\r', '\n', ' ', '.', '\\', 'ü'), fc.string()) });

test('a record of any texts is read back by an RFC 4180 reader, an empty text apart from nothing', async (t) => {
  const value = fc.oneof(anyText, fc.constant(null));
  await checkProperty(
    t,
    fc.property(fc.array(fc.array(value, { minLength: 2, maxLength: 5 }), { minLength: 1 }), (rows) => {
      const expected = rows.map((row) => row.map((text) => text ?? undefined));
      assert.deepEqual(parseCsv(rows.map(record).join('')), expected);
    }),
    300,
  );
});

test('values that are no texts', () => {
  assert.equal(record([1.5, true, { a: [1, 'x'] }, [], undefined]), '1.5,true,"{""a"":[1,""x""]}",[],\r\n');
});

describe('columns', () => {
  const data: { [key: string]: Json } = { path: '/a', 'a.b': { 'c,d': [10, { e: null }] }, '': 'empty' };
  const event = { id: 7, timestamp: 1.5, type: 't', source: 's', data };

  test('of every kind', () => {
    const text = 'id, time ,timestamp,type,action,data.path,data."a.b"."c,d"[1].e,data."a.b"."c,d"[0],data.""';
    const columns = parseColumns(text);
    assert.deepEqual(
      columns.map((column) => columnValue(event, column)),
      [7, '1970-01-01T00:00:01.500Z', 1.5, 't', undefined, '/a', null, 10, 'empty'],
    );
    assert.equal(columns.map(columnName).join(), text.replaceAll(' ', ''));
  });

  test('are nothing where the event has nothing, whatever its prototype has', () => {
    for (const text of [
      'data.constructor',
      'data.path.length',
      'data."a.b"."c,d".length',
      'data.path[0]',
      'data.x.y',
      'data[0]',
    ]) {
      assert.deepEqual([text, columnValue(event, parseColumns(text)[0] ?? ['id'])], [text, undefined]);
    }
  });

  test('any key has a name that means it', async (t) => {
    await checkProperty(
      t,
      fc.property(fc.array(fc.oneof(anyText, fc.nat()), { maxLength: 3 }), (keys) => {
        const column = ['data', ...keys] as const;
        assert.deepEqual(parseColumns(`type,${columnName(column)},source`), [['type'], column, ['source']]);
      }),
      300,
    );
  });

  test('that are none are refused', () => {
    for (const text of [
      '',
      ',',
      'type,',
      'type,,id',
      'colour',
      'type.x',
      'data.',
      'data."x',
      'data."\\q"',
      'data."a"b',
    ]) {
      assert.throws(() => parseColumns(text), UsageError, text);
    }
  });
});
