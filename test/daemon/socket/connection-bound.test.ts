import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connectionBound, descriptorLimit } from '../../../daemon/socket/connection-bound.ts';
import { limits } from '../../../shared/limits.ts';

describe('connectionBound', () => {
  test('is the limit where there are descriptors enough, or nobody knows', () => {
    for (const descriptors of [undefined, 8_192, 2 ** 31]) {
      assert.deepEqual(connectionBound(descriptors), { served: limits.connections, refused: limits.refusalReserve });
    }
  });

  test('leaves the reserve alone where they are few, and always serves somebody', () => {
    for (const descriptors of [limits.reservedDescriptors + 2, 64, 128, 256, 1_024]) {
      const { served, refused } = connectionBound(descriptors);
      assert.ok(served + refused <= descriptors - limits.reservedDescriptors);
      assert.ok(served >= 1 && refused >= 1);
    }
    assert.deepEqual(connectionBound(10), { served: 1, refused: 1 });
  });

  test('the system tells how many there are', () => {
    assert.ok((descriptorLimit() ?? 0) >= 64);
  });
});
