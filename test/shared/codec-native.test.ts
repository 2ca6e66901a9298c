/** The daemon's writer loads msgpackr's native string extraction into its thread: the codec must be as exact with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNativeAccelerationEnabled } from 'msgpackr';
import { describeExactness } from './codec-exactness.ts';

test('the native extraction is there', (t) => {
  if (!isNativeAccelerationEnabled) t.skip('msgpackr-extract has no prebuilt addon for this platform');
  else assert.ok(isNativeAccelerationEnabled);
});

describeExactness();
