import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SourceActivity } from '../../../client/index.ts';
import { daybook, rowsOf } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

describe('sources', () => {
  test('lists who sends; set and unset say how often; all of it without colour where nobody sees it', async () => {
    await using daemon = await DaemonProcess.start();
    const run = (...args: string[]) => daybook(daemon.home, ['sources', ...args]);
    const none = await run();
    assert.deepEqual([none.exitCode, none.stdout, none.stderr], [0, 'there are no sources\n', '']);

    const nowSeconds = Date.now() / 1000;
    await daemon.connect().recordBatch([
      { type: 't', source: 'fs', timestamp: nowSeconds - 7_200 },
      { type: 't', source: '\u001b[2J', timestamp: nowSeconds + 7_200 },
    ]);
    const set = await run('set', 'fs', '--every', '90s');
    assert.deepEqual([set.exitCode, set.stdout, set.stderr], [0, '', '']);
    const { exitCode, stdout, stderr } = await run();
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, /^source +state +last event +committed +cadence +events\n/);
    assert.match(stdout, /^fs +live +2h 0m ago +\d+s ago +1m 30s +1$/m);
    assert.match(stdout, /^\\u001b\[2J +live +\d{4}-\d\d-\d\d \S+ +\d+s ago +- +1$/m);

    const rows = rowsOf<SourceActivity>((await run('--json')).stdout);
    assert.deepEqual(
      rows.map(({ source, cadence_seconds, state }) => [source, cadence_seconds, state]),
      [
        ['\u001b[2J', null, 'live'],
        ['fs', 90, 'live'],
      ],
    );
    assert.deepEqual((await run('unset', 'fs')).exitCode, 0);
    const again = await run('unset', 'fs');
    assert.equal(again.exitCode, 1);
    assert.match(again.stderr, /"fs" has no cadence/);
  });

  test('says what is wrong with a cadence, and what to type', async () => {
    using home = temporaryHome();
    const results = await Promise.all(
      ['soon', '-5s', '0', '60x', '400d', '0.01'].map((every) =>
        daybook(home.path, ['sources', 'set', 'fs', `--every=${every}`]),
      ),
    );
    for (const { exitCode, stdout, stderr } of results) {
      assert.deepEqual([exitCode, stdout], [2, ''], stderr);
      assert.match(stderr, /try '60s', '5m' or '1.5h'|from 0.1 s to 366 days/);
    }
    const { exitCode, stderr } = await daybook(home.path, ['sources', 'set', 'fs']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /--every/);
  });
});
