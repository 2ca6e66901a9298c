import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { inheritedDescriptor, inheritedSocket } from '../../../daemon/socket/inherited-socket.ts';
import { daybookExecutable } from '../../harness/command-line.ts';
import { withLimits } from '../../harness/daemon-limits.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { preparedHome } from '../../harness/prepared-home.ts';
import { skipWithout } from '../../harness/program.ts';
import { refusedStart } from '../../harness/refused-start.ts';

const skip = process.platform === 'linux' ? skipWithout('python3') : 'macOS hands sockets over in another way';

/**
 * Binds a socket and becomes the program that follows: with the socket as descriptor 3 and what sd_listen_fds(3) wants,
 * or as standard input.
 */
const activator = (path: string, as: 'descriptor 3' | 'standard input') => [
  'python3',
  '-c',
  `
import os, signal, socket, sys
path, way, *command = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(path)
os.chmod(path, 0o600)
listener.listen(64)
if "DAYBOOK_TEST_WAITING" in os.environ and os.fork() == 0:
    # A client that waits, beside a service manager that keeps the socket.
    signal.alarm(20)
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(path)
    try:
        client.recv(1)
    except ConnectionError:
        pass
    open(os.environ["DAYBOOK_TEST_WAITING"], "w").close()
    os._exit(0)
target = 3 if way == "descriptor 3" else 0
if listener.fileno() != target:
    os.dup2(listener.fileno(), target)
os.set_inheritable(target, True)
if target == 3:
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
else:
    os.environ["DAYBOOK_LISTEN_FD"] = "0"
os.execvp(command[0], command)
`,
  path,
  as,
];

describe('a socket that was handed over', { skip }, () => {
  for (const as of ['descriptor 3', 'standard input'] as const) {
    test(`as ${as}: the daemon serves it, and leaves its file alone`, async () => {
      using home = preparedHome();
      const { socket } = home.paths;
      await using daemon = await DaemonProcess.start({ home: home.path, under: activator(socket, as) });
      const { ino } = lstatSync(socket);
      const client = daemon.connect();
      assert.equal((await client.recordBatch([{ type: 'a', source: 'b' }])).stored, 1);
      assert.equal((await client.verify()).checked, 1, 'in a process of its own');
      assert.equal((await daemon.stop()).exitCode, 0);
      assert.equal(lstatSync(socket).ino, ino);
      assert.doesNotMatch(readFileSync(home.paths.log, 'utf8'), /handed over/);
    });
  }

  test('through the command that people start', async () => {
    using home = preparedHome();
    const under = activator(home.paths.socket, 'descriptor 3');
    await using daemon = await DaemonProcess.start({
      home: home.path,
      under,
      entry: daybookExecutable,
      flags: ['daemon', '--set', 'persistence.batch_size=7'],
    });
    const status = await daemon.connect().status();
    assert.deepEqual([status.pid, status.settings.batch_size], [daemon.process.pid, 7]);
  });

  test('whose file is deleted ends the daemon; with none to reach it by, the next one makes its own', async () => {
    using home = preparedHome();
    const { socket } = home.paths;
    await using daemon = await DaemonProcess.start({
      home: home.path,
      under: activator(socket, 'descriptor 3'),
      nodeArguments: withLimits({ socketCheckMs: 100 }),
    });
    rmSync(socket);
    const { exitCode, stderr } = await daemon.ended;
    assert.equal(exitCode, 1);
    assert.match(stderr, /was deleted or replaced/);

    const elsewhere = join(home.path, 'other.sock');
    await using next = await DaemonProcess.start({ home: home.path, under: activator(elsewhere, 'standard input') });
    assert.equal((await next.connect().status()).pid, next.process.pid);
    assert.match(
      readFileSync(home.paths.log, 'utf8'),
      /it listens at .*other\.sock, and clients look at .*daybook\.sock/,
    );
    await next.stop();
    assert.deepEqual([existsSync(socket), existsSync(elsewhere)], [false, true], 'each deletes what it has made');
  });

  test('a daemon that refuses to start hangs up on who waits, so that it is not started again for them', async () => {
    using home = preparedHome();
    mkdirSync(home.paths.config);
    const { exitCode, stderr } = await refusedStart({
      home: home.path,
      under: activator(home.paths.socket, 'standard input'),
      environment: { DAYBOOK_SUPERVISED: 'systemd', DAYBOOK_TEST_WAITING: join(home.path, 'hung-up') },
    });
    assert.equal(exitCode, 78);
    assert.match(stderr, /must be a file/);
    assert.ok(existsSync(join(home.path, 'hung-up')));
  });
});

test('what is no such socket is not taken for one', () => {
  using home = preparedHome();
  const { socket } = home.paths;
  const pid = 4711;
  assert.equal(inheritedSocket({}, pid, socket), undefined);
  assert.equal(inheritedSocket({ LISTEN_FDS: '1', LISTEN_PID: '1' }, pid, socket), undefined, 'for somebody else');
  assert.equal(inheritedSocket({ LISTEN_FDS: '0', LISTEN_PID: '4711' }, pid, socket), undefined);
  assert.equal(inheritedSocket({ DAYBOOK_LISTEN_FD: '' }, pid, socket), undefined);
  for (const descriptor of ['0', '9999']) {
    const found = inheritedSocket({ DAYBOOK_LISTEN_FD: descriptor }, pid, socket);
    assert.ok(found !== undefined && 'problem' in found, descriptor);
    assert.equal(inheritedDescriptor({ DAYBOOK_LISTEN_FD: descriptor }, pid), undefined);
  }
});
