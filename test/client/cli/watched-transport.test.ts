import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DaemonSilent } from '../../../client/cli/daemon-silent.ts';
import { watchedTransport } from '../../../client/cli/watched-transport.ts';
import { connectWithNet } from '../../../client/net-transport.ts';
import type { ByteStream, Transport } from '../../../shared/byte-stream.ts';
import { writeStartNotice } from '../../../shared/start-notice.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { waitFor } from '../../harness/wait-for.ts';

/** Far longer than an answer takes on a machine that is busy, but for a daemon that is stopped. */
const times = { silenceMs: 150, patienceMs: 1_000 };

describe('a daemon that gives no sign of life', () => {
  test('is not blamed for the time in which this process itself stood still', async () => {
    const nothing = () => undefined;
    const stream: ByteStream = {
      unsentBytes: 0,
      write: nothing,
      pause: nothing,
      resume: nothing,
      end: nothing,
      destroy: nothing,
      keepsProcessAlive: nothing,
    };
    let connections = 0;
    const transport: Transport = (_path, handlersFor) => {
      connections += 1;
      handlersFor(stream);
      return Promise.resolve(stream);
    };
    const watched = watchedTransport(transport, {
      silenceMs: 500,
      patienceMs: 10,
      onSilent: nothing,
      onHeard: nothing,
      onGone: nothing,
    });
    const handlers = { onData: nothing, onDrain: nothing, onClose: nothing };
    const connection = await watched('nowhere', () => handlers);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
    const goesOnMs = performance.now();
    await waitFor('the look whether the daemon lives', () => connections === 2);
    assert.ok(performance.now() - goesOnMs >= 499, 'it has its time again');
    connection.destroy();
  });

  test('is given up while somebody waits, not while it works or nobody does', async () => {
    await using daemon = await DaemonProcess.start();
    let looks = 0;
    const client = daemon.connect({
      reconnect: false,
      spool: false,
      transport: watchedTransport(connectWithNet, {
        ...times,
        onSilent: (error) => {
          throw error;
        },
        onHeard: () => (looks += 1),
        onGone: () => undefined,
      }),
    });
    await client.ready();
    // Nothing comes on this tail, and that is as it should be.
    const tail = client.tail();
    const next = tail.next();
    next.catch(() => undefined);
    const before = looks;
    await waitFor('three signs of life', () => looks >= before + 3);
    assert.equal((await client.status()).pid, daemon.process.pid);

    daemon.process.kill('SIGSTOP');
    try {
      const error = await client.status().catch((reason: unknown) => reason);
      assert.ok(error instanceof DaemonSilent, String(error));
      assert.match(error.message, /takes connections and has said nothing for \d+ s/);
    } finally {
      daemon.process.kill('SIGCONT');
    }
    await assert.rejects(next, DaemonSilent);
  });

  test('is waited for by who follows, who is told; and what it is told of a start counts as a sign of life', async () => {
    await using daemon = await DaemonProcess.start();
    let silent = 0;
    let heard = 0;
    const client = daemon.connect({
      spool: false,
      transport: watchedTransport(connectWithNet, {
        ...times,
        patienceMs: 200,
        onSilent: () => (silent += 1),
        onHeard: () => (heard += 1),
        onGone: () => undefined,
      }),
    });
    const tail = client.tail({ after: { databaseId: (await client.ready()).databaseId, id: 0 } });
    const next = tail.next();
    await client.status();

    daemon.process.kill('SIGSTOP');
    const { dataDirectory } = daemon.paths;
    const now = Date.now() / 1000;
    writeStartNotice(dataDirectory, { pid: process.pid, started: now, at: now, doing: 'reading', share: null });
    const before = heard;
    await waitFor('two signs of life', () => heard >= before + 2);
    writeStartNotice(dataDirectory, { pid: process.pid, started: now, at: now - 60, doing: 'reading', share: null });
    const atLeast = silent + 2;
    await waitFor('two looks in vain', () => silent >= atLeast);
    daemon.process.kill('SIGCONT');

    await client.recordBatch([{ type: 't', source: 's' }]);
    assert.equal((await next).value?.type, 't', 'the tail went on over the same connection');
  });
});
