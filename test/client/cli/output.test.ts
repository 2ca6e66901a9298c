import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bytesText, durationText, localTime, plain, table, wholeNumber } from '../../../client/cli/output.ts';
import { daybookExecutable, RunningCommand } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { skipWithout } from '../../harness/program.ts';
import { waitFor } from '../../harness/wait-for.ts';

describe('output', () => {
  test('plain() makes visible what could steer a terminal, and nothing else', () => {
    const texts: [text: string, shown: string][] = [
      ['plain text, ü, 漢字, 🙂, "quoted", back\\slash', 'plain text, ü, 漢字, 🙂, "quoted", back\\slash'],
      ['a\nb\tc\rd', 'a\\nb\\tc\\rd'],
      ['\u0000\u001b[31m\u007f\u009b', '\\u0000\\u001b[31m\\u007f\\u009b'],
      ['\u200e\u200f\u2028\u2029\u202e\u2066\u2069', '\\u200e\\u200f\\u2028\\u2029\\u202e\\u2066\\u2069'],
      ['', ''],
    ];
    for (const [text, shown] of texts) assert.equal(plain(text), shown);
  });

  test('table() puts the values into one column', () => {
    assert.equal(
      table([
        ['a', '1'],
        ['long label', '2'],
      ]),
      'a           1\nlong label  2\n',
    );
  });

  test('durationText() names the two largest parts', () => {
    const durations: [seconds: number, text: string][] = [
      [0, '0s'],
      [0.9, '0s'],
      [59.9, '59s'],
      [60, '1m 0s'],
      [3_599, '59m 59s'],
      [3_600, '1h 0m'],
      [86_399, '23h 59m'],
      [90_061, '1d 1h'],
      [400 * 86_400, '400d 0h'],
    ];
    for (const [seconds, text] of durations) assert.equal(durationText(seconds), text);
  });

  test('bytesText(), wholeNumber(), localTime()', () => {
    const sizes: [bytes: number, text: string][] = [
      [0, '0 B'],
      [1_023, '1023 B'],
      [1_024, '1.0 KiB'],
      [1_536, '1.5 KiB'],
      [5 * 1024 ** 3, '5.0 GiB'],
      [3_000 * 1024 ** 4, '3000.0 TiB'],
    ];
    for (const [bytes, text] of sizes) assert.equal(bytesText(bytes), text);
    assert.equal(wholeNumber(1_234_567.4), '1,234,567');
    assert.equal(localTime(new Date(2026, 0, 2, 3, 4, 5, 6).getTime() / 1000), '2026-01-02 03:04:05.006');
  });
});

/** Runs a program with a terminal of 60 columns, and passes on what it writes there. */
const ON_A_TERMINAL = `
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    os.read(0, 1)
    os.execv(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 60, 0, 0))
os.write(terminal, b'\\n')
while True:
    try:
        chunk = os.read(terminal, 65536)
    except OSError:
        break
    if not chunk:
        break
    os.write(1, chunk)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

describe('on a terminal', { skip: skipWithout('python3') }, () => {
  async function onTerminal(home: string, args: string[], environment: NodeJS.ProcessEnv = {}): Promise<string> {
    const command = ['-c', ON_A_TERMINAL, process.execPath, daybookExecutable, ...args];
    // Node paints nothing where it knows itself in a CI run.
    const { exitCode, stdout } = await new RunningCommand('python3', command, {
      environment: { DAYBOOK_HOME: home, TERM: 'xterm-256color', CI: undefined, ...environment },
    }).ended;
    assert.equal(exitCode, 0, stdout);
    return stdout;
  }

  test('there is colour, but not with NO_COLOR, and none in a pipe', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch([{ type: 'note', source: 's', timestamp: 1 }]);
    assert.ok((await onTerminal(daemon.home, ['list'])).includes('\u001b[36mnote'));
    assert.ok(!(await onTerminal(daemon.home, ['list'], { NO_COLOR: '1' })).includes('\u001b'));
    const { stdout } = await new RunningCommand(process.execPath, [daybookExecutable, 'list'], {
      environment: { DAYBOOK_HOME: daemon.home, TERM: 'xterm-256color' },
    }).ended;
    assert.ok(stdout.includes('note') && !stdout.includes('\u001b'));
  });

  test('a line is cut to the width, and an end is shown', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch([{ type: 'note', source: 's', timestamp: 1, data: { text: 'x'.repeat(200) } }]);
    const shown = (await onTerminal(daemon.home, ['list'], { NO_COLOR: '1' })).trim().split(/\r?\n/);
    assert.equal(shown.length, 1);
    assert.ok((shown[0] ?? '').endsWith('…') && (shown[0] ?? '').length <= 60, shown[0]);
  });

  test('--json has no colour and is not cut', async () => {
    await using daemon = await DaemonProcess.start();
    const text = 'x'.repeat(200);
    await daemon.connect().recordBatch([{ type: 'note', source: 's', timestamp: 1, data: { text } }]);
    const shown = await waitFor('the line', () => onTerminal(daemon.home, ['list', '--json']));
    assert.deepEqual((JSON.parse(shown) as { data: unknown }).data, { text });
  });
});
