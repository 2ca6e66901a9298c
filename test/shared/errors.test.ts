import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DaybookError, type ErrorCode, errorCodes, isErrorCode } from '../../shared/errors.ts';
import { errorBody, errorFromBody } from '../../shared/messages/error-body.ts';

const codes = Object.keys(errorCodes) as ErrorCode[];

describe('isErrorCode', () => {
  test('knows its own codes and nothing else', () => {
    for (const code of codes) assert.equal(isErrorCode(code), true, code);
    for (const other of [
      '',
      'Internal',
      'toString',
      '__proto__',
      'constructor',
      5,
      null,
      undefined,
      ['internal'],
      {},
    ]) {
      assert.equal(isErrorCode(other), false, JSON.stringify(other));
    }
  });
});

describe('DaybookError', () => {
  test('says whether the same request may succeed later, and keeps its cause', () => {
    const cause = new Error('underneath');
    for (const code of codes) {
      const error = new DaybookError(code, 'why', { cause });
      assert.equal(error.retryable, errorCodes[code].retryable);
      assert.deepEqual([error.code, error.message, error.cause, error.name], [code, 'why', cause, 'DaybookError']);
    }
  });
});

describe('an error answer', () => {
  test('is read as the error it was made from', () => {
    for (const code of codes) {
      const body = errorBody(new DaybookError(code, 'why'));
      assert.deepEqual(body, { code, message: 'why', retryable: errorCodes[code].retryable });
      const error = errorFromBody({ ...body, later: 1 });
      assert.deepEqual([error.code, error.message, error.retryable], [code, 'why', errorCodes[code].retryable]);
    }
  });

  test('with a code of a later version keeps its name', () => {
    for (const code of ['later_code', '__proto__', 'toString']) {
      const error = errorFromBody({ code, message: 'why', retryable: true });
      assert.equal(error.code, 'internal');
      assert.match(error.message, new RegExp(`${code}.*why`));
    }
  });

  test('with a code of a later version is as retryable as the daemon says', () => {
    for (const retryable of [true, false]) {
      assert.equal(errorFromBody({ code: 'later_code', message: 'why', retryable }).retryable, retryable);
    }
  });

  test('without a message, or of no map, is refused', () => {
    assert.throws(() => errorFromBody({ code: 'internal' }), { code: 'invalid_request', message: /message/ });
    assert.throws(() => errorFromBody(null), { code: 'invalid_request' });
  });
});

test('every meaning says something of its own, in one line', () => {
  const meanings = codes.map((code) => errorCodes[code].meaning);
  assert.equal(new Set(meanings).size, codes.length);
  for (const [index, meaning] of meanings.entries()) {
    assert.match(meaning, /^[a-z][^\n|]{10,90}$/, codes[index]);
    assert.match(codes[index] ?? '', /^[a-z_]+[0-9]*$/);
  }
});
