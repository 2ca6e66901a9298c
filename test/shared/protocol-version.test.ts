import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { daemonCapabilities, daybookVersion, protocolVersions } from '../../shared/protocol-version.ts';

test('the product version is that of the package', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  assert.equal((JSON.parse(text) as { version: string }).version, daybookVersion);
});

test('the protocol versions are a range from 1 on that a hello can name', () => {
  const { min, max } = protocolVersions;
  assert.ok(min >= 1 && min <= max && max <= 65_535);
});

test('the capabilities are names, each once', () => {
  assert.equal(new Set(daemonCapabilities).size, daemonCapabilities.length);
  for (const name of daemonCapabilities) assert.match(name, /^[a-z][a-z-]*$/);
});
