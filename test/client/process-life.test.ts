/** What keeps a process alive that uses the client, and what does not. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { daybookPaths } from '../../shared/paths.ts';
import { startClientScript } from '../harness/client-script.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { FakeDaemon } from '../harness/fake-daemon.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';
import { storedNumbers } from './numbered-events.ts';

const recordOne = "client.record({ type: 'a', source: 'test', timestamp: 1, data: { n: 0 } });";
const quiet = { exitCode: 0, stderr: '' };

test('a process that has closed its client ends though the daemon hangs', async () => {
  await using daemon = await DaemonProcess.start();
  await using script = startClientScript(
    daemon.paths.socket,
    `const client = connect({ socketPath });
     const { pid } = await client.status();
     process.kill(pid, 'SIGSTOP');
     await client.close();`,
  );
  try {
    const { exitCode, stderr } = await script.ended;
    assert.deepEqual({ exitCode, stderr }, quiet);
  } finally {
    daemon.process.kill('SIGCONT');
  }
});

describe('a process that forgot close()', () => {
  test('ends by itself when it has nothing to do', async () => {
    await using daemon = await DaemonProcess.start();
    await using script = startClientScript(daemon.paths.socket, 'await connect({ socketPath }).ready(); say("ready");');
    const { exitCode, stderr, stdout } = await script.ended;
    assert.deepEqual({ exitCode, stderr, stdout }, { ...quiet, stdout: 'ready\n' });
  });

  test('ends by itself without a daemon when it has nothing to do', async () => {
    await using script = startClientScript('/nonexistent/daybook.sock', 'connect({ socketPath });');
    const { exitCode, stderr } = await script.ended;
    assert.deepEqual({ exitCode, stderr }, quiet);
  });

  test('ends once everything is acknowledged, and not before', async () => {
    await using daemon = await DaemonProcess.start({ config: { persistence: { batch_timeout: 0.3 } } });
    await using script = startClientScript(
      daemon.paths.socket,
      `const client = connect({ socketPath });
       ${recordOne}
       process.on('exit', () => say('stored ' + client.counters.stored));`,
    );
    const { exitCode, stderr, stdout } = await script.ended;
    assert.deepEqual({ exitCode, stderr, stdout }, { ...quiet, stdout: 'stored 1\n' });
    assert.deepEqual(await storedNumbers(daemon.connect()), [0]);
  });

  test('with events in its hands and no spool waits for a daemon that comes up later', async () => {
    using home = temporaryHome();
    await using script = startClientScript(
      daybookPaths({ DAYBOOK_HOME: home.path }).socket,
      `const client = connect({ socketPath, spool: false });
       ${recordOne}
       process.on('exit', () => say('stored ' + client.counters.stored));
       say('recorded');`,
    );
    await script.prints('recorded');
    await using daemon = await DaemonProcess.start({
      home: home.path,
      config: { persistence: { batch_timeout: 0.1 } },
    });
    const { exitCode, stderr, stdout } = await script.ended;
    assert.deepEqual({ exitCode, stderr, stdout }, { ...quiet, stdout: 'recorded\nstored 1\n' });
    const client = daemon.connect();
    assert.deepEqual(await storedNumbers(client), [0]);
    await client.close();
  });

  test('with a request in its hands waits for a daemon that comes up later', async () => {
    using home = temporaryHome();
    await using script = startClientScript(
      daybookPaths({ DAYBOOK_HOME: home.path }).socket,
      `const client = connect({ socketPath });
       say('asking');
       say('running ' + (await client.status()).pid);`,
    );
    await script.prints('asking');
    await using daemon = await DaemonProcess.start({ home: home.path });
    const { exitCode, stderr, stdout } = await script.ended;
    assert.deepEqual({ exitCode, stderr, stdout }, { ...quiet, stdout: `asking\nrunning ${daemon.process.pid}\n` });
  });

  test('with events in its hands and no spool that lost its daemon waits for the next one', async () => {
    await using daemon = await DaemonProcess.start();
    const trigger = join(daemon.home, 'trigger');
    await using script = startClientScript(
      daemon.paths.socket,
      `const client = connect({ socketPath, spool: false });
       await client.ready();
       say('ready');
       const { existsSync } = await import('node:fs');
       while (!existsSync(${JSON.stringify(trigger)})) await new Promise((resolve) => setTimeout(resolve, 10));
       ${recordOne}
       process.on('exit', () => say('stored ' + client.counters.stored));
       say('recorded');`,
    );
    await script.prints('ready');
    await daemon.kill('SIGKILL');
    writeFileSync(trigger, '');
    await script.prints('recorded');
    await using again = await DaemonProcess.start({
      home: daemon.home,
      config: { persistence: { batch_timeout: 0.1 } },
    });
    const { exitCode, stderr, stdout } = await script.ended;
    assert.deepEqual({ exitCode, stderr, stdout }, { ...quiet, stdout: 'ready\nrecorded\nstored 1\n' });
    const client = again.connect();
    assert.deepEqual(await storedNumbers(client), [0]);
    await client.close();
  });
});

describe('waiting', () => {
  test('for ready() keeps the process alive until the daemon comes', async () => {
    using home = temporaryHome();
    await using script = startClientScript(
      daybookPaths({ DAYBOOK_HOME: home.path }).socket,
      `const client = connect({ socketPath });
       say('waiting');
       await client.ready();
       say('ready');`,
    );
    await script.prints('waiting');
    await using daemon = await DaemonProcess.start({ home: home.path });
    assert.equal(daemon.process.exitCode, null);
    const { exitCode, stderr, stdout } = await script.ended;
    assert.deepEqual({ exitCode, stderr, stdout }, { ...quiet, stdout: 'waiting\nready\n' });
  });

  test('in a tail keeps the process alive; leaving it does not', async () => {
    await using daemon = await DaemonProcess.start();
    await using script = startClientScript(
      daemon.paths.socket,
      `const client = connect({ socketPath });
       for await (const event of client.tail({ onStart: () => say('following') })) { say(event.type); break; }`,
    );
    await script.prints('following');
    await daemon.connect().recordBatch([{ type: 'seen', source: 'test' }]);
    const { exitCode, stderr, stdout } = await script.ended;
    assert.deepEqual({ exitCode, stderr, stdout }, { ...quiet, stdout: 'following\nseen\n' });
  });

  test('leaving a tail whose daemon is gone does not wait for another one', async () => {
    const daemon = await FakeDaemon.start({
      onRequest: (connection, frame) => {
        connection.reply(frame, { position: { databaseId: 'fake', id: 0 } });
      },
    });
    await using script = startClientScript(
      daemon.path,
      `const client = connect({ socketPath });
       const tail = client.tail({ onStart: () => say('following') });
       tail.next();
       const gone = (await import('node:fs')).existsSync;
       while (gone(socketPath)) await new Promise((resolve) => setTimeout(resolve, 10));
       say('gone');
       await tail.return();
       say('left');`,
    );
    await script.prints('following');
    await daemon[Symbol.asyncDispose]();
    await script.prints('left');
    await waitFor('the end of the process', () => script.process.exitCode !== null);
    assert.equal(script.process.exitCode, 0);
  });
});
