import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { nodeFlags } from '../../../client/cli/launch-daemon.ts';

/** What V8 holds compiled code against that it finds in a cache. */
const versionTag = (flags: readonly string[]) =>
  execFileSync(process.execPath, [...flags, '-p', 'v8.cachedDataVersionTag()'], { encoding: 'utf8' });

describe('launching the daemon', () => {
  test('its flags leave the compiled code of Node usable', () => {
    const plain = versionTag([]);
    assert.equal(versionTag(nodeFlags), plain);
    assert.notEqual(versionTag([...nodeFlags, '--expose-gc']), plain);
  });
});
