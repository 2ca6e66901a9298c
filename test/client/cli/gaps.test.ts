import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encode } from '../../../shared/codec.ts';
import { encodeRecordBody } from '../../../shared/messages/record-body.ts';
import { daybook, rowsOf } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { RawClient } from '../../harness/raw-client.ts';

const event = (timestamp: number) => encode({ type: 't', source: 'fs', timestamp });

describe('daybook gaps', () => {
  test('says that nothing is missing, and exits 0', async () => {
    await using daemon = await DaemonProcess.start();
    const { exitCode, stdout, stderr } = await daybook(daemon.home, ['gaps']);
    assert.deepEqual([exitCode, stdout, stderr], [0, 'nothing is known to be missing\n', '']);
  });

  test('names what is missing, refused and given up, and exits 1; what comes after all is named no longer', async () => {
    await using daemon = await DaemonProcess.start();
    const client = await RawClient.greet(daemon.paths.socket);
    const origin = { producer: 'capture', epoch: 'one' };
    const record = async (id: number, first: number, events: Buffer[]) => {
      client.sendBody('record', id, encodeRecordBody(events, 'committed', true, { ...origin, first }));
      assert.equal((await client.answer(id)).kind, 'reply');
    };
    await record(2, 1, [event(100), event(101)]);
    await record(3, 6, [event(110), encode({ type: 't', source: 'fs', timestamp: 'never' })]);
    const given = { ...origin, from: 8, to: 9, source: 'fs', since: 111, until: 112, reason: 'spool_full' };
    client.send('report-gaps', 4, { gaps: [given] });
    await client.answer(4);

    const { exitCode, stdout } = await daybook(daemon.home, ['gaps', '--json']);
    assert.equal(exitCode, 1);
    const found = rowsOf<Record<string, unknown>>(stdout).map(({ id: _id, noticed: _noticed, ...gap }) => gap);
    const common = { source: 'fs', producer: 'capture' };
    const [missing, refused, dropped] = [
      { count: 3, ...common, since: 101, until: 110, reason: 'missing' },
      { count: 1, ...common, reason: 'rejected: invalid_timestamp' },
      { count: 2, ...common, since: 111, until: 112, reason: 'spool_full' },
    ];
    const byReason = (reason: string) => found.find((gap) => gap['reason'] === reason);
    assert.deepEqual([byReason('missing'), byReason('spool_full')], [missing, dropped]);
    assert.deepEqual(
      { ...byReason('rejected: invalid_timestamp'), since: 0, until: 0 },
      { ...refused, since: 0, until: 0 },
    );

    const shown = await daybook(daemon.home, ['gaps']);
    assert.match(shown.stdout, /^events +from +to +source +producer +reason\n/);
    assert.match(shown.stdout, /\n +3 +1970-.* fs +capture +missing\n/);
    assert.match(shown.stdout, /\n6 events are missing\n$/);
    assert.equal((await daybook(daemon.home, ['gaps', '--source', 'other'])).exitCode, 0);
    assert.match((await daybook(daemon.home, ['gaps', '--since', '111'])).stdout, /\n3 events are missing\n$/);
    const status = JSON.parse((await daybook(daemon.home, ['status', '--json'])).stdout) as { gaps: number };
    assert.equal(status.gaps, 3);

    await record(5, 3, [event(102), event(103), event(104)]);
    const after = await daybook(daemon.home, ['gaps']);
    assert.doesNotMatch(after.stdout, /missing\n.*are missing/);
    assert.match(after.stdout, /\n3 events are missing\n$/);
    client.destroy();
  });

  test('says that events wait on disk, and exits 1', async () => {
    await using daemon = await DaemonProcess.start();
    const away = daemon.connect({ clientName: 'away', socketPath: `${daemon.paths.dataDirectory}/nobody.sock` });
    away.record({ type: 't', source: 's' });
    await away.close({ timeoutMs: 1 });
    const { exitCode, stdout, stderr } = await daybook(daemon.home, ['gaps']);
    assert.deepEqual([exitCode, stdout], [1, 'nothing is known to be missing\n']);
    assert.equal(stderr, '1 recorded event waits on disk for the daemon: see daybook spool\n');
  });
});
