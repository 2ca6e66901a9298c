import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connect } from '../../../client/index.ts';
import { daybookPaths } from '../../../shared/paths.ts';
import { daybook, startDaybook } from '../../harness/command-line.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

describe('daemon', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`says in one line that it is ready, in the process that was started; ${signal} ends it with 0`, async () => {
      using home = temporaryHome();
      const { socket } = daybookPaths({ DAYBOOK_HOME: home.path });
      await using daemon = startDaybook(home.path, ['daemon']);
      await daemon.prints('\n');
      assert.match(daemon.stdout, new RegExp(`^daybook \\S+ is ready: pid ${daemon.process.pid}, socket ${socket}, `));
      const client = connect({ socketPath: socket });
      client.record({ type: 'a', source: 's' });
      await client.close();
      daemon.process.kill(signal);
      const { exitCode, stdout, stderr } = await daemon.ended;
      assert.deepEqual([exitCode, stderr], [0, '']);
      assert.equal(stdout.split('\n').length, 2);
      assert.ok(!existsSync(socket));
    });
  }

  test('a second one says who runs and exits 1; the first goes on', async () => {
    using home = temporaryHome();
    await using first = startDaybook(home.path, ['daemon']);
    await first.prints('is ready');
    const second = await daybook(home.path, ['daemon']);
    assert.deepEqual([second.exitCode, second.stdout], [1, '']);
    assert.equal(second.stderr, `daybook: daybook is already running (pid ${first.process.pid})\n`);
    assert.equal((await daybook(home.path, ['send', 'a', '--source', 's'])).exitCode, 0);
  });

  test('names the key of a configuration it does not understand', async () => {
    using home = temporaryHome();
    const { config, configDirectory } = daybookPaths({ DAYBOOK_HOME: home.path });
    mkdirSync(configDirectory, { mode: 0o700 });
    writeFileSync(config, '{\n  "persistence": {\n    "batch_sizes": 7\n  }\n}\n', { mode: 0o600 });
    const { exitCode, stdout, stderr } = await daybook(home.path, ['daemon']);
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.equal(
      stderr,
      `daybook: ${join(configDirectory, 'config.json')}:3: persistence.batch_sizes: is not a key that daybook knows\n`,
    );
  });
});
