import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stableNodePath } from '../../launchd/node-path.ts';
import { ServiceError } from '../../launchd/service-error.ts';

const table: [given: string, expected: string][] = [
  ['/opt/homebrew/Cellar/node/24.21.0/bin/node', '/opt/homebrew/opt/node/bin/node'],
  ['/opt/homebrew/Cellar/node@24/24.21.0_1/bin/node', '/opt/homebrew/opt/node@24/bin/node'],
  ['/usr/local/Cellar/node/24.0.0/bin/node', '/usr/local/opt/node/bin/node'],
  ['/home/linuxbrew/.linuxbrew/Cellar/node/24.0.0/bin/node', '/home/linuxbrew/.linuxbrew/opt/node/bin/node'],
  ['/Users/a b/$&/Cellar/node/24.0.0/bin/node', '/Users/a b/$&/opt/node/bin/node'],
  ['/Cellar/x/Cellar/node/24.0.0/bin/node', '/Cellar/x/opt/node/bin/node'],
  ['/opt/homebrew/opt/node@24/bin/node', '/opt/homebrew/opt/node@24/bin/node'],
  ['/opt/homebrew/bin/node', '/opt/homebrew/bin/node'],
  ['/usr/local/bin/node', '/usr/local/bin/node'],
  ['/Users/a/.nvm/versions/node/v24.1.0/bin/node', '/Users/a/.nvm/versions/node/v24.1.0/bin/node'],
  ['/opt/homebrew/Cellar/node/24.0.0/libexec/bin/node', '/opt/homebrew/Cellar/node/24.0.0/libexec/bin/node'],
  ['/opt/homebrew/Cellar/node/bin/node', '/opt/homebrew/Cellar/node/bin/node'],
  ['/opt/homebrew/Cellar/node/24.0.0/bin/nodemon', '/opt/homebrew/Cellar/node/24.0.0/bin/nodemon'],
  ['/opt/MyCellar/node/24.0.0/bin/node', '/opt/MyCellar/node/24.0.0/bin/node'],
];

describe('stableNodePath', () => {
  for (const [given, expected] of table) {
    test(given, () => {
      assert.equal(stableNodePath(given), expected);
      assert.equal(stableNodePath(expected), expected);
    });
  }

  for (const relative of ['node', './node', 'opt/homebrew/Cellar/node/24.0.0/bin/node', '']) {
    test(`refuses the relative path ${JSON.stringify(relative)}`, () => {
      assert.throws(
        () => stableNodePath(relative),
        (error) => error instanceof ServiceError && error.code === 'invalid_definition',
      );
    });
  }
});
