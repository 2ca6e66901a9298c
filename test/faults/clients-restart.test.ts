import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { JudgedClient, type NumberedEvent } from '../harness/judged-client.ts';
import { Ledger } from '../harness/ledger.ts';
import { seededIntegers } from '../harness/property.ts';
import { RecordedTransport } from '../harness/recorded-transport.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';

const rounds = 7;
/** Between two things that a client sends. */
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 5));

test('row 43: a daemon that is restarted again and again: who sends meanwhile loses nothing and doubles nothing', async (t) => {
  using home = temporaryHome();
  const ledger = new Ledger();
  let daemon = await DaemonProcess.start({ home: home.path });
  t.after(() => daemon.stop());
  const { paths } = daemon;
  const first = daemon;
  const transport = new RecordedTransport();
  const sender = new JudgedClient(first.connect({ transport: transport.connect }), ledger, { source: 'sender' });
  const recorder = new JudgedClient(first.connect({ commitAtOnce: true }), ledger, { source: 'recorder' });

  const recorded: NumberedEvent[] = [];
  const over = new AbortController();
  const sending = (async () => {
    while (!over.signal.aborted) {
      await sender.send();
      await aMoment();
    }
  })();
  const recording = (async () => {
    while (!over.signal.aborted) {
      const events = recorder.events(20);
      for (const event of events) assert.ok(recorder.client.record(event));
      recorded.push(...events);
      await aMoment();
    }
  })();

  const pausesMs = seededIntegers(t, rounds, 0, 150);
  let downMs = 0;
  for (const [round, pauseMs] of pausesMs.entries()) {
    const { acked } = ledger.totals;
    await waitFor('a receipt from this daemon', () => ledger.totals.acked > acked);
    const { exitCode, signal } = await daemon.kill(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
    assert.ok(exitCode === 0 || signal === 'SIGKILL');
    const down = performance.now();
    await waitFor('a moment without a daemon', () => performance.now() - down >= pauseMs);
    daemon = await DaemonProcess.start({ home: home.path });
    downMs += performance.now() - down;
  }
  over.abort();
  await Promise.all([sending, recording]);
  await recorder.client.flush();
  ledger.acked(recorded);
  const { stored, duplicate, rejected, dropped, pending } = recorder.client.counters;
  assert.deepEqual([stored + duplicate, rejected, dropped, pending], [recorded.length, 0, 0, 0]);

  // Random pauses with a ceiling that grows: no storm while nobody is there, and no long wait when somebody is again.
  const attempts = transport.attemptsMs.length - 1 - rounds;
  t.diagnostic(`${attempts} attempts in vain in ${downMs.toFixed()} ms, ${ledger.totals.sent} events`);
  assert.ok(attempts <= rounds * 12 + downMs / 100, `${attempts} attempts in vain in ${downMs} ms`);
  await daemon.stop();
  ledger.assertInnocent(paths.database);
});
