import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { limits } from '../../../shared/limits.ts';
import { daybook, daybookExecutable, RunningCommand } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { waitFor } from '../../harness/wait-for.ts';
import { countTo, numbered, numbersOf, storedNumbers } from '../numbered-events.ts';

interface Totals {
  stored: number;
  duplicate: number;
  rejected: number;
  rejections: { line: number; code: string; message: string }[];
}

const line = (n: number) => `${JSON.stringify(numbered(n))}\n`;

async function ingest(
  daemon: DaemonProcess,
  input: string | Uint8Array,
): Promise<Totals & { exitCode: number | null }> {
  const { exitCode, stdout, stderr } = await daybook(daemon.home, ['ingest', '--json'], { input });
  assert.equal(stderr, '');
  return { exitCode, ...(JSON.parse(stdout) as Totals) };
}

/** `daybook ingest` of the first lines of a file, and of the others once it is told to go on. */
class FedInHalves {
  readonly command: RunningCommand;
  readonly #go: string;

  private constructor(command: RunningCommand, go: string) {
    this.command = command;
    this.#go = go;
  }

  static async start(daemon: DaemonProcess, file: string, lines: number, flags: string[] = []): Promise<FedInHalves> {
    const go = join(daemon.home, 'go');
    await new RunningCommand('mkfifo', [go]).ended;
    const first = `head -n ${lines} "$FILE"; read -r _ < "$GO"; tail -n +${lines + 1} "$FILE"`;
    const script = `(${first}) | exec "$NODE" "$DAYBOOK" ingest ${flags.join(' ')}`;
    const { home } = daemon;
    const environment = { DAYBOOK_HOME: home, NODE: process.execPath, DAYBOOK: daybookExecutable, FILE: file, GO: go };
    return new FedInHalves(new RunningCommand('sh', ['-c', script], { environment }), go);
  }

  async goOn(): Promise<void> {
    await new RunningCommand('sh', ['-c', 'echo > "$GO"'], { environment: { GO: this.#go } }).ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.command[Symbol.asyncDispose]();
  }
}

describe('ingest', () => {
  test('a file, canonical and flat; repeating it changes nothing', async () => {
    await using daemon = await DaemonProcess.start();
    const file = join(daemon.home, 'in.ndjson');
    writeFileSync(
      file,
      `${line(0)}{"type":"note","action":"count","ts":1000001,"src":"test","n":1}\n{"type":"a","source":"b"}\n`,
    );
    const first = await daybook(daemon.home, ['ingest', file]);
    assert.deepEqual(first, {
      exitCode: 0,
      signal: null,
      stdout: 'stored 3, duplicate 0, rejected 0\n',
      stderr: '',
    });
    const [b, a] = await Array.fromAsync(daemon.connect().events({ types: ['note'] }));
    assert.deepEqual(
      [a, b],
      [
        { id: 1, ...numbered(0) },
        { id: 2, ...numbered(1) },
      ],
    );
    writeFileSync(file, `${line(0)}${line(1)}`);
    assert.equal((await daybook(daemon.home, ['ingest', file])).stdout, 'stored 0, duplicate 2, rejected 0\n');
    const asJson = JSON.parse((await daybook(daemon.home, ['ingest', file, '--json'])).stdout) as Totals;
    assert.deepEqual(asJson, { stored: 0, duplicate: 2, rejected: 0, rejections: [] });
  });

  test('standard input, with and without the dash', async () => {
    await using daemon = await DaemonProcess.start();
    assert.equal((await daybook(daemon.home, ['ingest', '-'], { input: line(0) })).exitCode, 0);
    assert.equal((await daybook(daemon.home, ['ingest'], { input: line(1) })).exitCode, 0);
    assert.deepEqual(await storedNumbers(daemon.connect()), [0, 1]);
  });

  test('blank lines, CRLF, a byte order mark, no end of the last line', async () => {
    await using daemon = await DaemonProcess.start();
    const input = `\uFEFF${line(0).trim()}\r\n\r\n\n   \n${line(1).trim()}\r\n${line(2).trim()}`;
    assert.deepEqual(await ingest(daemon, input), {
      exitCode: 0,
      stored: 3,
      duplicate: 0,
      rejected: 0,
      rejections: [],
    });
    assert.deepEqual(await storedNumbers(daemon.connect()), [0, 1, 2]);
  });

  test('nothing at all', async () => {
    await using daemon = await DaemonProcess.start();
    assert.deepEqual(await ingest(daemon, ''), { exitCode: 0, stored: 0, duplicate: 0, rejected: 0, rejections: [] });
  });

  test('lines that are refused are named, the others stored, and it exits 1', async () => {
    await using daemon = await DaemonProcess.start();
    const input = Buffer.concat([
      Buffer.from(`${line(0)}{"type":\n`),
      Buffer.from('{"type":"a","source":"s","data":{"x":"\xff\xfe"}}\n', 'latin1'),
      Buffer.from(`\n[1]\n"text"\n7\nnull\n`),
      Buffer.from('{"type":"a","source":"s","data":{"big":9007199254740993}}\n'),
      Buffer.from('{"type":"a","source":"s","data":{"big":-9007199254740993,"fine":9007199254740991}}\n'),
      Buffer.from('{"type":"","source":"s"}\n{"type":"a","source":"s","extra":1}\n'),
      Buffer.from('{"type":"a","source":"s","timestamp":"now"}\n'),
      Buffer.from('{"type":"a","source":"s","data":{"x":1e400}}\n'),
      Buffer.from('{"type":"a","source":"s","data":{"x":"\\ud800"}}\n'),
      Buffer.from(line(1)),
    ]);
    const { rejections, ...totals } = await ingest(daemon, input);
    assert.deepEqual(totals, { exitCode: 1, stored: 2, duplicate: 0, rejected: 13 });
    assert.deepEqual(
      rejections.map(({ line: number, code }) => [number, code]),
      [
        [2, 'invalid_event'],
        [3, 'invalid_utf8'],
        [5, 'invalid_event'],
        [6, 'invalid_event'],
        [7, 'invalid_event'],
        [8, 'invalid_event'],
        [9, 'invalid_data'],
        [10, 'invalid_data'],
        [11, 'invalid_type'],
        [12, 'invalid_event'],
        [13, 'invalid_timestamp'],
        [14, 'invalid_data'],
        [15, 'invalid_utf8'],
      ],
    );
    assert.match(rejections[6]?.message ?? '', /9007199254740993/);
    assert.deepEqual(await storedNumbers(daemon.connect()), [0, 1]);
  });

  test('for people, the first refused lines are named on stderr and the rest counted', async () => {
    await using daemon = await DaemonProcess.start();
    const input = `${'{}\n'.repeat(25)}${line(0)}`;
    const { exitCode, stdout, stderr } = await daybook(daemon.home, ['ingest'], { input });
    assert.deepEqual([exitCode, stdout], [1, 'stored 1, duplicate 0, rejected 25\n']);
    const lines = stderr.trimEnd().split('\n');
    assert.equal(lines.length, 21);
    assert.match(lines[0] ?? '', /^line 1: .*\(invalid_type\)$/);
    assert.match(lines[20] ?? '', /^and 5 more/);
  });

  test('an over-long line is refused without being collected', async () => {
    await using daemon = await DaemonProcess.start();
    const long = JSON.stringify({ type: 'a', source: 's', data: { text: 'x'.repeat(limits.frameBytes) } });
    const large = JSON.stringify({ type: 'a', source: 's', data: { text: 'x'.repeat(limits.eventBytes) } });
    const { exitCode, stored, rejections } = await ingest(daemon, `${long}\n${line(0)}${large}\n${line(1)}${long}`);
    assert.deepEqual(
      [exitCode, stored, rejections.map(({ line: number, code }) => [number, code])],
      [
        1,
        2,
        [
          [1, 'too_large'],
          [3, 'too_large'],
          [5, 'too_large'],
        ],
      ],
    );
  });

  test('keys that mean something to JavaScript are data', async () => {
    await using daemon = await DaemonProcess.start();
    const data = '{"__proto__":{"a":1},"constructor":2}';
    const input = `{"type":"a","source":"s","timestamp":1,"data":${data}}\n{"type":"b","ts":1,"src":"s","__proto__":3}\n`;
    assert.equal((await ingest(daemon, input)).stored, 2);
    const events = await Array.fromAsync(daemon.connect().events({ order: 'asc' }));
    assert.deepEqual(
      events.map((event) => JSON.stringify(event.data)),
      [data, '{"__proto__":3}'],
    );
  });

  test('what is no file exits 1 with its name', async () => {
    await using daemon = await DaemonProcess.start();
    const missing = join(daemon.home, 'missing.ndjson');
    const directory = join(daemon.home, 'directory');
    mkdirSync(directory);
    for (const path of [missing, directory]) {
      const { exitCode, stdout, stderr } = await daybook(daemon.home, ['ingest', path]);
      assert.deepEqual([exitCode, stdout], [1, '']);
      assert.ok(stderr.startsWith('daybook: ') && stderr.includes(path), stderr);
      assert.equal(stderr.trimEnd().split('\n').length, 1);
    }
  });

  test('kill -9 and restart of the daemon in the middle: every line exactly once', async () => {
    const daemon = await DaemonProcess.start();
    const total = 12_000;
    const file = join(daemon.home, 'in.ndjson');
    writeFileSync(file, countTo(total).map(line).join(''));
    await using fed = await FedInHalves.start(daemon, file, total / 2, ['--json']);
    const client = daemon.connect();
    await waitFor('some events', async () => (await client.status()).last_id > 1_000);
    await daemon.kill('SIGKILL');
    await using again = await DaemonProcess.start({ home: daemon.home });
    await fed.goOn();
    const { exitCode, stdout, stderr } = await fed.command.ended;
    assert.deepEqual([exitCode, stderr], [0, '']);
    const totals = JSON.parse(stdout) as Totals;
    assert.deepEqual([totals.stored + totals.duplicate, totals.rejected], [total, 0]);
    const events = await Array.fromAsync(again.connect().events({ order: 'asc' }));
    assert.deepEqual(numbersOf(events), countTo(total));
    await again.stop();
    await daemon.stop();
  });

  test('an input that dries up for a while is no end', async () => {
    await using daemon = await DaemonProcess.start();
    const file = join(daemon.home, 'in.ndjson');
    writeFileSync(file, line(0) + line(1));
    await using fed = await FedInHalves.start(daemon, file, 1);
    const client = daemon.connect();
    await waitFor('the command to be connected', async () => (await client.status()).connections === 2);
    await fed.goOn();
    const { exitCode, stdout } = await fed.command.ended;
    assert.deepEqual([exitCode, stdout], [0, 'stored 2, duplicate 0, rejected 0\n']);
  });
});
