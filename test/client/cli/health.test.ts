import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { askHealth, flightText } from '../../../client/cli/health.ts';
import { DaybookError } from '../../../client/index.ts';

const reply = { event_id: 7, commit_ms: 0.9, read_ms: 0.34, at: 1 };

describe('health', () => {
  test('is a canary that came back', async () => {
    assert.deepEqual(await askHealth({ canary: () => Promise.resolve(reply) }), { ok: true, ...reply });
    assert.equal(flightText(reply), 'a canary came back in 1.2 ms');
    assert.equal(flightText({ ...reply, commit_ms: 1_200 }), 'a canary came back in 1200 ms');
  });

  test('is not one that was refused, or does not come back in time', async () => {
    const refused = { canary: () => Promise.reject(new DaybookError('disk_full', 'no room')) };
    assert.deepEqual(await askHealth(refused), { ok: false, code: 'disk_full', message: 'no room' });
    const never = { canary: () => Promise.withResolvers<never>().promise };
    const message = 'no canary has come back for 0.02 s';
    assert.deepEqual(await askHealth(never, 20), { ok: false, code: 'timeout', message });
  });

  test('of a daemon that knows no canaries is not known', async () => {
    const old = { canary: () => Promise.reject(new DaybookError('unknown_kind', 'unknown')) };
    const { ok, code } = (await askHealth(old)) as { ok: boolean; code: string };
    assert.deepEqual([ok, code], [false, 'unknown_kind']);
  });

  test('does not hide a fault of this program', async () => {
    await assert.rejects(askHealth({ canary: () => Promise.reject(new TypeError('a fault')) }), TypeError);
  });
});
