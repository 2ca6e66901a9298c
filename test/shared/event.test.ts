import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { eventFromEitherForm, eventFromFlat } from '../../shared/event.ts';

describe('the older, flat form', () => {
  test('gives ts and src their names, and keeps the rest as data', () => {
    const flat = { type: 'file_op', action: 'create', ts: 5.5, src: 'fs', path: '/tmp', size: 3, data: { nested: 1 } };
    assert.deepEqual(eventFromFlat(flat), {
      type: 'file_op',
      source: 'fs',
      timestamp: 5.5,
      action: 'create',
      data: { path: '/tmp', size: 3, data: { nested: 1 } },
    });
  });

  test('leaves what is missing undefined, for the validation to see', () => {
    assert.deepEqual(eventFromFlat({}), {
      type: undefined,
      source: undefined,
      timestamp: undefined,
      action: undefined,
      data: {},
    });
  });

  test('keeps the canonical names as data when they stand beside ts or src', () => {
    assert.deepEqual(eventFromFlat({ ts: 1, src: 's', type: 't', timestamp: 9, source: 'other' })['data'], {
      timestamp: 9,
      source: 'other',
    });
  });

  test('__proto__ is data like any other name', () => {
    const flat = JSON.parse('{"type":"t","src":"s","ts":1,"__proto__":{"polluted":true}}') as {
      [key: string]: unknown;
    };
    const { data } = eventFromFlat(flat);
    assert.deepEqual(Object.entries(data as object), [['__proto__', { polluted: true }]]);
    assert.equal((data as { polluted?: unknown }).polluted, undefined);
  });
});

describe('eventFromEitherForm', () => {
  test('takes an object with ts or src, whatever its value, for flat', () => {
    for (const flat of [{ ts: 1 }, { src: 's' }, { ts: undefined, type: 't' }, { src: null, type: 't' }]) {
      assert.deepEqual(eventFromEitherForm(flat), eventFromFlat(flat));
    }
  });

  test('hands every other object on as it is', () => {
    for (const event of [
      {},
      { type: 't', source: 's', data: { ts: 1, src: 's' } },
      Object.create({ ts: 1, src: 's' }) as object,
    ]) {
      assert.equal(eventFromEitherForm(event), event);
    }
  });

  test('refuses what is no map', () => {
    for (const value of [null, undefined, 5, 'event', true, [], [{ ts: 1 }]]) {
      assert.throws(() => eventFromEitherForm(value), { code: 'invalid_event', message: /map/ });
    }
  });
});
