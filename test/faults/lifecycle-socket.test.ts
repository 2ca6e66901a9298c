import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import type { Receipt } from '../../client/index.ts';
import { withLimits } from '../harness/daemon-limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { preparedHome } from '../harness/prepared-home.ts';
import { refusedStart } from '../harness/refused-start.ts';
import { refusesToStart } from '../harness/refuses-to-start.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waitFor } from '../harness/wait-for.ts';

const event = (n: number) => ({ type: 'a', source: 'b', timestamp: n });

describe('something at the socket path', () => {
  test('row 23: the socket that a killed daemon left is replaced', async () => {
    using home = preparedHome();
    await using first = await DaemonProcess.start({ home: home.path });
    await first.kill('SIGKILL');
    assert.ok(lstatSync(home.paths.socket).isSocket());
    await using second = await DaemonProcess.start({ home: home.path });
    assert.equal((await second.connect().status()).pid, second.process.pid);
    await second.stop();
    assert.equal(existsSync(home.paths.socket), false, 'an orderly end takes the socket along');
  });

  const inTheWay: [string, (path: string) => void][] = [
    ['a file', (path) => writeFileSync(path, 'precious')],
    ['a directory', (path) => mkdirSync(path)],
    ['a link to a file', (path) => symlinkSync(join(dirname(path), 'target'), path)],
    ['a link to nothing', (path) => symlinkSync(join(dirname(path), 'nothing'), path)],
    ['a link to a socket', (path) => symlinkSync(join(dirname(path), 'target.sock'), path)],
  ];
  for (const [what, make] of inTheWay) {
    test(`row 23: ${what} is left alone, and nothing starts`, async () => {
      using home = preparedHome();
      const target = join(home.paths.dataDirectory, 'target');
      writeFileSync(target, 'precious');
      await using server = createServer().listen(`${target}.sock`);
      await once(server, 'listening');
      make(home.paths.socket);
      const before = lstatSync(home.paths.socket);
      await refusesToStart({ home: home.path }, /daybook\.sock is in the way and is no socket; move it away/);
      assert.equal(lstatSync(home.paths.socket).ino, before.ino);
      assert.equal(readFileSync(target, 'utf8'), 'precious');
      assert.ok(lstatSync(`${target}.sock`).isSocket());
    });
  }
});

describe('a socket that is deleted under the daemon', () => {
  const message = /^daybook: the socket .*daybook\.sock was deleted or replaced; stopping\n$/;

  test('row 24: the next request tells the daemon; it ends with an error, and the next one has everything', async () => {
    using home = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const client = daemon.connect();
    await client.recordBatch([event(1)]);
    rmSync(daemon.paths.socket);
    const early = await refusedStart({ home: home.path });
    assert.match(early.stderr, /already running/, 'two never write one database');
    const receipts: Promise<Receipt>[] = [];
    await waitFor('the daemon to notice', () => {
      receipts.push(client.recordBatch([event(receipts.length)]));
      return daemon.process.exitCode !== null;
    });
    const { exitCode, stderr } = await daemon.ended;
    assert.equal(exitCode, 1);
    assert.match(stderr, message);

    await using next = await DaemonProcess.start({ home: home.path });
    for (const { stored, duplicate } of await Promise.all(receipts)) assert.equal(stored + duplicate, 1);
    assert.equal((await next.connect().stats()).database_stats.total_events, receipts.length);
  });

  test('row 24: without any request it looks by itself from time to time', async () => {
    await using daemon = await DaemonProcess.start({ nodeArguments: withLimits({ socketCheckMs: 100 }) });
    rmSync(daemon.paths.socket);
    const { exitCode, stderr } = await daemon.ended;
    assert.equal(exitCode, 1);
    assert.match(stderr, message);
  });

  test('row 24: one that somebody else listens on by now survives the end of the daemon', async () => {
    using home = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: home.path });
    rmSync(daemon.paths.socket);
    await using other = createServer().listen(daemon.paths.socket);
    await once(other, 'listening');
    const { ino } = lstatSync(daemon.paths.socket);
    const { exitCode } = await daemon.kill('SIGTERM');
    assert.equal(exitCode, 0);
    assert.equal(lstatSync(daemon.paths.socket, { throwIfNoEntry: false })?.ino, ino);
  });
});
