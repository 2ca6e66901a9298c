import assert from 'node:assert/strict';
import { DaybookError, type ErrorCode } from '../../client/index.ts';

/** For assert.rejects and assert.throws: an error with this code, whose message says these things. */
export function refusal(code: ErrorCode, ...texts: string[]): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof DaybookError, String(error));
    assert.equal(error.code, code, error.message);
    for (const text of texts) assert.ok(error.message.includes(text), error.message);
    return true;
  };
}
