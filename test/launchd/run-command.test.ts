import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runCommand } from '../../launchd/run-command.ts';
import { ServiceError } from '../../launchd/service-error.ts';

describe('runCommand', () => {
  for (const exitCode of [0, 1, 5, 113, 255]) {
    test(`resolves with exit code ${exitCode} and both outputs`, async () => {
      const result = await runCommand('sh', ['-c', `echo out; echo err >&2; exit ${exitCode}`]);
      assert.deepEqual(result, { exitCode, stdout: 'out\n', stderr: 'err\n' });
    });
  }

  test('hands over arguments as they are', async () => {
    const args = ['a b', '$HOME', '*', '', '"', 'ż'];
    const result = await runCommand('sh', ['-c', 'printf "<%s>" "$@"', 'sh', ...args]);
    assert.equal(result.stdout, args.map((arg) => `<${arg}>`).join(''));
  });

  test('a program that does not exist', async () => {
    await assert.rejects(runCommand('/nonexistent/launchctl', ['print']), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.code, 'command_missing');
      assert.match(error.message, /\/nonexistent\/launchctl was not found; .*daybook daemon/u);
      return true;
    });
  });

  test('a program that may not be run', async () => {
    await assert.rejects(runCommand('/dev/null', []), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.code, 'command_failed');
      assert.match(error.message, /EACCES/u);
      return true;
    });
  });

  test('a program that hangs is killed', async () => {
    await assert.rejects(runCommand('sleep', ['600'], 20), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.code, 'timed_out');
      assert.match(error.message, /'sleep 600' did not finish within 0.02 s/u);
      return true;
    });
  });

  test('a program that a signal ends', async () => {
    await assert.rejects(runCommand('sh', ['-c', 'kill -TERM $$']), (error) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.code, 'command_failed');
      assert.match(error.message, /SIGTERM/u);
      return true;
    });
  });
});
