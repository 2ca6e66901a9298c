import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { threadRunsOutOfMemoryOnceThereIs } from '../harness/daemon-faults.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { gapsOf } from '../harness/gaps-of.ts';
import { JudgedClient } from '../harness/judged-client.ts';
import { Ledger } from '../harness/ledger.ts';
import { PeakMemory, skipWithoutPeakMemory } from '../harness/peak-memory.ts';
import { temporaryHome } from '../harness/temporary-home.ts';

const SMALL_HEAP = '--max-old-space-size=64';
const text = Array.from({ length: 20_000 }, (_, n) =>
  Math.sqrt(n + 2)
    .toString(36)
    .slice(2),
).join('');

describe('little memory', () => {
  test('row 50: is enough for a flood of large events from several clients', {
    skip: skipWithoutPeakMemory,
  }, async () => {
    using home = temporaryHome();
    const ledger = new Ledger();
    await using daemon = await DaemonProcess.start({ home: home.path, nodeArguments: [SMALL_HEAP] });
    const memory = new PeakMemory(daemon.process.pid ?? 0);
    const senders = Array.from(
      { length: 4 },
      (_, n) => new JudgedClient(daemon.connect(), ledger, { source: `s${n}`, text }),
    );
    const sizeMiB = (4 * 25 * text.length) / (1024 * 1024);
    await Promise.all(senders.flatMap((sender) => sender.events(25).map((event) => sender.send([event]))));
    assert.ok(sizeMiB > 15, `${sizeMiB} MiB`);
    assert.ok(memory.grownMiB < 200, `${memory.grownMiB} MiB more`);
    assert.equal((await daemon.stop()).exitCode, 0);
    ledger.assertInnocent(daemon.paths.database);
  });

  test('row 50: once there is none left the daemon dies, and the next one has all that was acknowledged', async () => {
    using home = temporaryHome();
    const ledger = new Ledger();
    const trigger = join(home.path, 'trigger');
    const nodeArguments = [SMALL_HEAP, ...threadRunsOutOfMemoryOnceThereIs(trigger, 'main')];
    await using daemon = await DaemonProcess.start({ home: home.path, nodeArguments });
    const sender = new JudgedClient(daemon.connect({ reconnect: false }), ledger);
    const recorder = new JudgedClient(daemon.connect({ commitAtOnce: true }), ledger, { source: 'recorder' });
    for (let round = 0; round < 5; round += 1) await sender.send();
    const isGone = () => daemon.process.exitCode !== null || daemon.process.signalCode !== null;
    writeFileSync(trigger, '');
    const recorded = [];
    while (!isGone()) {
      const [event] = recorder.events(1);
      if (event === undefined) continue;
      recorded.push(event);
      recorder.client.record(event);
      await sender.send().catch(() => undefined);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { exitCode, signal } = await daemon.ended;
    assert.ok(signal === 'SIGABRT' || (exitCode ?? 0) !== 0, `${signal} ${exitCode}`);
    ledger.interrupted();

    await using next = await DaemonProcess.start({ home: home.path });
    await recorder.client.flush();
    ledger.acked(recorded);
    assert.deepEqual(await gapsOf(next), []);
    await next.stop();
    ledger.assertInnocent(daemon.paths.database);
  });
});
