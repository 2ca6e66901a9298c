import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { installWarnings } from '../../launchd/install-warnings.ts';

const harmless = {
  nodePath: '/opt/homebrew/opt/node/bin/node',
  scriptPath: '/opt/homebrew/lib/node_modules/daybook/client/cli/daybook.js',
  socketPath: '/Users/a/Library/Application Support/daybook/daybook.sock',
  logDirectory: '/Users/a/Library/Logs/daybook',
  environment: {},
};

describe('installWarnings', () => {
  test('has nothing to say about a usual installation', () => {
    assert.deepEqual(installWarnings('darwin', '/Users/a', harmless), []);
    assert.deepEqual(installWarnings('linux', '/home/a', harmless), []);
  });

  for (const folder of ['Desktop', 'Documents', 'Downloads', 'Library/Mobile Documents']) {
    test(`names what is in ~/${folder} on macOS`, () => {
      const scriptPath = `/Users/a/${folder}/daybook/client/cli/daybook.js`;
      const environment = { DAYBOOK_HOME: `/Users/a/${folder}` };
      const warnings = installWarnings('darwin', '/Users/a', { ...harmless, scriptPath, environment });
      assert.equal(warnings.length, 2);
      assert.ok(warnings[0]?.startsWith(`${scriptPath} is in ~/${folder},`));
      assert.ok(warnings[1]?.startsWith(`/Users/a/${folder} is in ~/${folder},`));
      assert.deepEqual(installWarnings('linux', '/Users/a', { ...harmless, scriptPath, environment }), []);
    });
  }

  test('does not mistake other folders for private ones', () => {
    for (const directory of ['/Users/a/Documents2', '/Users/b/Documents', '/Users/a/src/Documents']) {
      assert.deepEqual(installWarnings('darwin', '/Users/a', { ...harmless, logDirectory: directory }), []);
    }
  });

  test('names a program in the cache of npx', () => {
    const scriptPath = '/home/a/.npm/_npx/0a1b/node_modules/daybook/client/cli/daybook.js';
    const warnings = installWarnings('linux', '/home/a', { ...harmless, scriptPath });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /npm install --global daybook/u);
  });
});
