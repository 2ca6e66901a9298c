import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encode } from '../../shared/codec.ts';
import { encodeFrame } from '../../shared/frame.ts';
import { RunningCommand } from '../harness/command-line.ts';
import { startClientScript } from '../harness/client-script.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { waitFor } from '../harness/wait-for.ts';

const event = (n: number) => ({ type: 'a', source: 'b', timestamp: n, data: { n } });
const events = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => event(from + n));

/** A process that writes bytes to the daemon, says so, and waits to be killed. */
function writer(socketPath: string, bytes: Uint8Array): RunningCommand {
  const script = `
    import { createConnection } from 'node:net';
    const socket = createConnection(${JSON.stringify(socketPath)});
    socket.write(Buffer.from(${JSON.stringify(Buffer.from(bytes).toString('base64'))}, 'base64'), () => console.log('written'));
    socket.resume();`;
  return new RunningCommand(process.execPath, ['--input-type=module', '--eval', script]);
}

describe('a client that is killed', () => {
  test('row 41: in the middle of a frame: what it sent whole is stored, the rest is dropped, a retry completes it', async () => {
    await using daemon = await DaemonProcess.start({ config: { persistence: { batch_timeout: 3_600 } } });
    const bystander = daemon.connect();
    const hello = { protocol: { min: 1, max: 1 }, client: { name: 'mortal', pid: 1 } };
    const whole = encodeFrame('record', 1, encode({ events: events(0, 50), wait: false }));
    const cut = encodeFrame('record', 2, encode({ events: events(50, 100) }));
    const bytes = Buffer.concat([encodeFrame('hello', 0, encode(hello)), whole, cut.subarray(0, cut.length - 1)]);
    await using mortal = writer(daemon.paths.socket, bytes);
    await mortal.prints('written');
    await waitFor('its whole frame to be there', async () => (await bystander.stats()).queue_size >= 50);
    mortal.process.kill('SIGKILL');
    assert.equal((await mortal.ended).signal, 'SIGKILL');
    await waitFor('the daemon to notice', async () => (await bystander.status()).connections === 1);

    const retried = await bystander.recordBatch(events(0, 100));
    assert.deepEqual([retried.stored, retried.duplicate], [50, 50]);
    const { database_stats: figures, queue_size: queued, total_rejected: rejected } = await bystander.stats();
    assert.deepEqual([figures.total_events, queued, rejected], [100, 0, 0]);
    assert.equal((await bystander.status()).queue_bytes, 0);
  });

  test('row 41: with much that it has no receipt for: each event at most once, and once after a retry', async () => {
    await using daemon = await DaemonProcess.start();
    const bystander = daemon.connect();
    const count = 20_000;
    await using mortal = startClientScript(
      daemon.paths.socket,
      `const client = connect({ socketPath, bufferBytes: 2 ** 30 });
       await client.ready();
       for (let n = 0; n < ${count}; n += 1) {
         client.record({ type: 'a', source: 'b', timestamp: n, data: { n } });
         if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
         if (n === ${count / 4}) say('sending');
       }`,
    );
    await mortal.prints('sending');
    await waitFor('some of them', async () => (await bystander.stats()).total_stored > 0);
    mortal.process.kill('SIGKILL');
    await mortal.ended;
    await waitFor('the daemon to be done with it', async () => {
      const { connections, queue_bytes: queued } = await bystander.status();
      return connections === 1 && queued === 0;
    });
    const before: number[] = [];
    for await (const { timestamp } of bystander.events({ order: 'asc' })) before.push(timestamp);
    assert.deepEqual(
      before,
      Array.from({ length: before.length }, (_, n) => n),
      'a beginning of what it sent',
    );
    assert.ok(before.length > 0);
    let duplicates = 0;
    for (let from = 0; from < count; from += 5_000) {
      duplicates += (await bystander.recordBatch(events(from, from + 5_000))).duplicate;
    }
    assert.equal(duplicates, before.length);
    assert.equal((await bystander.stats()).database_stats.total_events, count);
  });
});
