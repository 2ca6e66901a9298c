import assert from 'node:assert/strict';
import { ServiceError, type ServiceErrorCode } from '../../launchd/service-error.ts';

/** For assert.rejects: a ServiceError with this code whose message has these words and ends with the cure. */
export function refusal(code: ServiceErrorCode, ...words: string[]): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof ServiceError, String(error));
    assert.equal(error.code, code);
    for (const word of words) {
      assert.ok(error.message.includes(word), error.message);
    }
    assert.ok(error.message.endsWith(error.cure));
    return true;
  };
}
