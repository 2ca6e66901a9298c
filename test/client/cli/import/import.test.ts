import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { StoredEvent } from '../../../../client/index.ts';
import { limits } from '../../../../shared/limits.ts';
import { daybook } from '../../../harness/command-line.ts';
import { DaemonProcess } from '../../../harness/daemon-process.ts';
import { numbered } from '../../numbered-events.ts';
import { imported } from './trial.ts';

const line = (type: string, n: number) => `${JSON.stringify({ ...numbered(n), type })}\n`;

describe('import', () => {
  let daemon: DaemonProcess;
  const storedAs = async (...types: string[]) =>
    Array.fromAsync(daemon.connect().events({ types, order: 'asc' }), ({ id: _id, ...event }: StoredEvent) => event);
  const fileOf = (name: string, content: string | Uint8Array) => {
    const file = join(daemon.home, name);
    writeFileSync(file, content);
    return file;
  };

  before(async () => {
    daemon = await DaemonProcess.start();
  });
  after(() => daemon.stop());

  test('NDJSON, canonical, flat and as list shows it; again, nothing is new', async () => {
    const listed = JSON.stringify({ id: 77, type: 'lines', source: 's', timestamp: 3, data: { id: 1 } });
    const flat = JSON.stringify({ type: 'lines', action: 'x', ts: 2, src: 's', id: 5 });
    const file = fileOf('lines.txt', `${line('lines', 0)}\n${flat}\n${listed}\n`);
    const { exitCode, stdout, stderr } = await daybook(daemon.home, ['import', file]);
    assert.deepEqual([exitCode, stdout, stderr], [0, 'stored 3, duplicate 0, rejected 0\n', '']);
    assert.deepEqual(await storedAs('lines'), [
      { type: 'lines', source: 's', timestamp: 2, action: 'x', data: { id: 5 } },
      { type: 'lines', source: 's', timestamp: 3, data: { id: 1 } },
      { ...numbered(0), type: 'lines' },
    ]);
    assert.deepEqual(await imported(daemon, [file]), {
      exitCode: 0,
      format: 'ndjson',
      stored: 0,
      duplicate: 3,
      rejected: 0,
      rejections: [],
    });
  });

  test('packed files, whatever they are called, and standard input', async () => {
    const lines = (n: number) => Buffer.from(line('packed', 3 * n) + line('packed', 3 * n + 1));
    // Two members after each other are one file.
    const gzip = fileOf('a.gz', Buffer.concat([gzipSync(lines(0)), gzipSync(line('packed', 2))]));
    const zstd = fileOf('b.txt', Buffer.concat([zstdCompressSync(lines(1)), zstdCompressSync(line('packed', 5))]));
    assert.equal((await imported(daemon, [gzip])).stored, 3);
    assert.equal((await imported(daemon, [zstd])).stored, 3);
    assert.equal((await imported(daemon, ['-'], gzipSync(lines(2)))).stored, 2);
    assert.equal((await storedAs('packed')).length, 8);
  });

  test('a packed file that is cut short: what is there goes in, and it says so', async () => {
    const whole = gzipSync(Array.from({ length: 5_000 }, (_, n) => line('cut', n)).join(''));
    const { exitCode, stdout, stderr } = await daybook(daemon.home, ['import', '-'], {
      input: whole.subarray(0, -2_000),
    });
    assert.equal(exitCode, 1);
    assert.match(stdout, /^stored [1-9]\d{2,}, duplicate 0, rejected 0\n$/);
    assert.match(stderr, /^daybook: unexpected end of file\n$/);
    assert.equal(`stored ${(await storedAs('cut')).length}, duplicate 0, rejected 0\n`, stdout);
  });

  test('lines that are none are named with their number, and the rest goes in', async () => {
    const input = `${line('bad', 0)}{"type":\n{"type":"bad","source":"s"}\n[1]\n${line('bad', 1)}{"type":"bad","source":"s","timestamp":1,"data":{"n":1e999}}\n{"type":"bad","source":"s","timestamp":1,"id":"x"}\n`;
    const { rejections, ...totals } = await imported(daemon, ['-'], input);
    assert.deepEqual(totals, { exitCode: 1, format: 'ndjson', stored: 2, duplicate: 0, rejected: 5 });
    assert.deepEqual(
      rejections.map(({ line: number, code }) => [number, code]),
      [
        [2, 'invalid_event'],
        [3, 'invalid_timestamp'],
        [4, 'invalid_event'],
        [6, 'invalid_data'],
        [7, 'invalid_event'],
      ],
    );
    const many = await daybook(daemon.home, ['import', '-', '--format', 'ndjson'], { input: '[]\n'.repeat(30) });
    assert.deepEqual([many.exitCode, many.stderr.split('\n').length], [1, 22], many.stderr);
    assert.match(many.stderr, /^line 1: .*\(invalid_event\)\n[^]*\nand 10 more/);
  });

  test('what export writes, into an empty home, is exported as the same again', async () => {
    const odd = JSON.parse('{"__proto__":1,"":"","ü\\u0000":[-0.5,1e300,1e20,-1.2e19]}') as { [key: string]: unknown };
    await daemon
      .connect()
      .recordBatch([
        { type: 'trip', source: 's', timestamp: 0.1 + 0.2, data: odd },
        { type: 'trip', source: 's', timestamp: 0.1 + 0.2, data: { second: 'of one instant' } },
        { type: 'trip', source: 's', timestamp: 7 },
        { type: 'trip', source: 's', action: '', timestamp: 7, data: { text: 'x'.repeat(100_000) } },
        ...Array.from({ length: 1_500 }, (_, n) => ({ ...numbered(n), type: 'trip' })),
      ]);
    await using fresh = await DaemonProcess.start();
    for (const [name, format] of [
      ['trip.json', 'json'],
      ['trip.ndjson', 'ndjson'],
      ['trip.json.gz', 'json'],
    ] as const) {
      const file = join(daemon.home, name);
      assert.equal((await daybook(daemon.home, ['export', file, '--type', 'trip'])).exitCode, 0);
      const isFirst = format === 'json' && name === 'trip.json';
      const { rejections: _none, ...totals } = await imported(fresh, [file]);
      const [stored, duplicate] = isFirst ? [1_504, 0] : [0, 1_504];
      assert.deepEqual(totals, { exitCode: 0, format, stored, duplicate, rejected: 0 });
    }
    const [there, here] = await Promise.all(
      [fresh, daemon].map(({ home }) => daybook(home, ['export', '-', '--format', 'ndjson', '--type', 'trip'])),
    );
    assert.equal(there?.stdout, here?.stdout);
  });

  test('one document, event by event: damaged ones are named, one that ends early or miscounts fails at its end', async () => {
    const events = [0, 1].map((n) => line('document', n).trim());
    const long = JSON.stringify({ type: 'document', text: 'x'.repeat(limits.frameBytes) });
    const one = `{"events":[${events[0]}, {"type": nonsense}, ${long},\n${events[1]}],"total_events":4}`;
    const first = await imported(daemon, ['-'], one);
    assert.deepEqual([first.exitCode, first.format, first.stored], [1, 'json', 2]);
    assert.deepEqual(
      first.rejections.map(({ event, code }) => [event, code]),
      [
        [2, 'invalid_event'],
        [3, 'too_large'],
      ],
    );
    for (const [text, message] of [
      [`{"export_time":"","events":[${events[0]},${events[1]}`, /ends early/],
      [`{"export_time":"","events":[${events[0]},${events[1]}]],`, /not JSON from byte \d+ on/],
      [`[${events[0]},${events[1]}]\n[`, /not JSON from byte \d+ on/],
      [`{"total_events":3,"events":[${events[0]},${events[1]}]}`, /says it holds 3 events, and there are 2/],
    ] as const) {
      const { exitCode, stdout, stderr } = await daybook(daemon.home, ['import', '-', '--format', 'json'], {
        input: text,
      });
      assert.deepEqual([exitCode, stdout], [1, 'stored 0, duplicate 2, rejected 0\n'], text);
      assert.match(stderr, message);
    }
  });

  test('ActivityWatch buckets: type and client of the bucket, the duration in the data', async () => {
    const event = (timestamp: unknown, duration: unknown, data: unknown) => ({ timestamp, duration, data });
    const buckets = {
      'aw-watcher-window_host': {
        id: 'aw-watcher-window_host',
        type: 'aw-window',
        client: 'aw-watcher-window',
        hostname: 'host',
        events: [
          { id: 12, ...event('2026-11-21T09:00:00.123456+00:00', 1.5, { app: 'Mail', title: 'é' }) },
          event('2026-11-21T10:00:00+01:00', 0, { app: 'Mail' }),
          event('yesterday', 0, {}),
          event('2026-11-21T09:00:00Z', '3', {}),
          event('2026-11-21T09:00:01.5', 2, { duration: 'its own' }),
        ],
      },
      // Its events come before what they need.
      'aw-watcher-afk_host': {
        events: [event('2026-11-21T09:00:00.000001Z', 60, { status: 'afk' })],
        client: 'aw-watcher-afk',
        type: 'aw-afk',
      },
    };
    const file = fileOf('aw.json', JSON.stringify({ buckets }, null, 2));
    const { rejections, ...totals } = await imported(daemon, [file]);
    assert.deepEqual(totals, { exitCode: 1, format: 'activitywatch', stored: 4, duplicate: 0, rejected: 2 });
    assert.deepEqual(
      rejections.map(({ bucket, event: number, code }) => [bucket, number, code]),
      [
        ['aw-watcher-window_host', 3, 'invalid_timestamp'],
        ['aw-watcher-window_host', 4, 'invalid_data'],
      ],
    );
    const noon = Date.UTC(2026, 10, 21, 9) / 1000;
    const window = { type: 'aw-window', source: 'aw-watcher-window' };
    assert.deepEqual(await storedAs('aw-window', 'aw-afk'), [
      { ...window, timestamp: noon, data: { app: 'Mail', duration: 0 } },
      { type: 'aw-afk', source: 'aw-watcher-afk', timestamp: noon + 0.000_001, data: { status: 'afk', duration: 60 } },
      { ...window, timestamp: noon + 0.123_456, data: { app: 'Mail', title: 'é', duration: 1.5 } },
      { ...window, timestamp: noon + 1.5, data: { duration: 'its own', event_duration: 2 } },
    ]);
    assert.equal((await imported(daemon, ['-'], JSON.stringify({ buckets }))).rejected, 3, 'a stream is read once');
  });

  test('what cannot be imported is refused with the reason', async () => {
    const missing = join(daemon.home, 'missing.json');
    for (const [code, pattern, args, input] of [
      [1, /missing\.json/, [missing], ''],
      [1, /is a directory/, [daemon.home], ''],
      [2, /--format must be one of/, ['-', '--format', 'csv'], ''],
      [1, /no list of events/, ['-', '--format', 'json'], '{"a":[{}]}'],
      [1, /no buckets/, ['-', '--format', 'activitywatch'], '{"events":[]}'],
      [1, /give it as a file/, ['-'], 'SQLite format 3\u0000'],
      [1, /cannot be read: /, ['--format', 'sqlite', fileOf('not.db', 'SQLite format 3\u0000 but then not')], ''],
    ] as const) {
      const { exitCode, stderr } = await daybook(daemon.home, ['import', ...args], { input });
      assert.equal(exitCode, code, stderr);
      assert.match(stderr, pattern);
    }
    await using fleeting = await DaemonProcess.start({ config: { enable_persistence: false } });
    const nothing = await daybook(fleeting.home, ['import', '-'], { input: line('a', 0) });
    assert.deepEqual([nothing.exitCode, nothing.stdout], [1, 'stored 0, duplicate 0, rejected 0\n']);
    assert.match(nothing.stderr, /store nothing/);
  });
});
