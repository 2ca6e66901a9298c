import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { describe, test } from 'node:test';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { gapsOf } from '../harness/gaps-of.ts';
import { JudgedClient } from '../harness/judged-client.ts';
import { Ledger } from '../harness/ledger.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';

describe('the index of the log', () => {
  test('row 19: emptied under the daemon: that dies, and the next one has all that was acknowledged', async () => {
    using home = temporaryHome();
    const ledger = new Ledger();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const { database } = daemon.paths;
    const sender = new JudgedClient(daemon.connect({ reconnect: false }), ledger);
    const recorder = new JudgedClient(daemon.connect(), ledger, { source: 'recorder' });
    for (let round = 0; round < 5; round += 1) await sender.send();
    truncateSync(`${database}-shm`);
    const recorded = recorder.events(20);
    for (const event of recorded) recorder.client.record(event);
    await assert.rejects(sender.send(), { code: 'connection_lost', retryable: true });
    await waitFor(
      'the end of the daemon',
      () => daemon.process.exitCode !== null || daemon.process.signalCode !== null,
    );
    const { signal } = await daemon.ended;
    assert.equal(signal, 'SIGBUS');

    await using next = await DaemonProcess.start({ home: home.path });
    await recorder.client.flush();
    ledger.acked(recorded);
    assert.deepEqual(await gapsOf(next), []);
    await new JudgedClient(next.connect(), ledger).send(sender.events(1));
    await next.stop();
    ledger.assertInnocent(database);
  });
});
