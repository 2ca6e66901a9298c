import assert from 'node:assert/strict';
import { lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { StoredEvent } from '../../../client/index.ts';
import { daybook, rowsOf } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { countTo, numbered, numberedFrom, numbersOf } from '../numbered-events.ts';

interface ExportedJson {
  export_time: string;
  range: { since: number | null; until: number | null };
  events: StoredEvent[];
  total_events: number;
}

/** A directory in the daemon's home to export into. */
function outDirectory(daemon: DaemonProcess): string {
  const directory = join(daemon.home, 'out');
  mkdirSync(directory);
  return directory;
}

describe('export', () => {
  test('ndjson: everything beyond 1,000 events, oldest first, as it was sent', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch(numberedFrom(0, 2_345).toReversed());
    const file = join(outDirectory(daemon), 'events.ndjson');
    const result = await daybook(daemon.home, ['export', file]);
    assert.deepEqual(result, { exitCode: 0, signal: null, stdout: '', stderr: '2,345 events exported\n' });
    assert.deepEqual(rowsOf(readFileSync(file, 'utf8')), numberedFrom(0, 2_345));
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  test('json, by the ending of the file or by --format, with the filters applied', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch([...numberedFrom(0, 1_500), { type: 'other', source: 's', timestamp: 5 }]);
    const directory = outDirectory(daemon);
    const named = join(directory, 'events.json');
    const range = ['--since', '1000010', '--until', '1001400', '--type', 'note'];
    assert.equal((await daybook(daemon.home, ['export', named, ...range])).exitCode, 0);
    const json = JSON.parse(readFileSync(named, 'utf8')) as ExportedJson;
    assert.deepEqual(numbersOf(json.events), countTo(1_400).slice(10));
    assert.equal(json.total_events, 1_390);
    assert.deepEqual(json.range, { since: 1_000_010, until: 1_001_400 });
    assert.ok(Math.abs(Date.parse(json.export_time) - Date.now()) < 60_000);
    const toStdout = await daybook(daemon.home, ['export', '-', '--format', 'json']);
    const all = JSON.parse(toStdout.stdout) as ExportedJson;
    assert.deepEqual([all.total_events, all.range], [1_501, { since: null, until: null }]);
    const asNdjson = join(directory, 'also.json');
    await daybook(daemon.home, ['export', asNdjson, '--format', 'ndjson']);
    assert.equal(rowsOf(readFileSync(asNdjson, 'utf8')).length, 1_501);
  });

  test('of nothing is a complete file', async () => {
    await using daemon = await DaemonProcess.start();
    assert.deepEqual(await daybook(daemon.home, ['export', '-']), {
      exitCode: 0,
      signal: null,
      stdout: '',
      stderr: '0 events exported\n',
    });
    const { stdout } = await daybook(daemon.home, ['export', '-', '--format', 'json']);
    assert.deepEqual((JSON.parse(stdout) as ExportedJson).events, []);
  });

  test('a failure leaves no file, and what was there as it was', async () => {
    await using daemon = await DaemonProcess.start({ config: { enable_persistence: false } });
    const directory = outDirectory(daemon);
    const file = join(directory, 'events.ndjson');
    assert.equal((await daybook(daemon.home, ['export', file])).exitCode, 1);
    assert.deepEqual(readdirSync(directory), []);
    writeFileSync(file, 'precious');
    assert.equal((await daybook(daemon.home, ['export', file, '--force'])).exitCode, 1);
    assert.deepEqual(readdirSync(directory), ['events.ndjson']);
    assert.equal(readFileSync(file, 'utf8'), 'precious');
  });

  test('a file that is there is replaced with --force only, and a link stays one', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch(numberedFrom(0, 3));
    const directory = outDirectory(daemon);
    const [file, link] = [join(directory, 'events.ndjson'), join(directory, 'link.ndjson')];
    writeFileSync(file, 'precious', { mode: 0o644 });
    symlinkSync(file, link);
    for (const name of [file, link]) {
      const { exitCode, stderr } = await daybook(daemon.home, ['export', name]);
      assert.deepEqual([exitCode, stderr], [1, `daybook: ${name} is there already; replace it with --force\n`]);
    }
    assert.equal(readFileSync(file, 'utf8'), 'precious');
    assert.equal((await daybook(daemon.home, ['export', link, '--force'])).exitCode, 0);
    assert.deepEqual(rowsOf(readFileSync(file, 'utf8')), numberedFrom(0, 3));
    assert.deepEqual([statSync(file).mode & 0o777, lstatSync(link).isSymbolicLink()], [0o600, true]);
    assert.deepEqual(readdirSync(directory).toSorted(), ['events.ndjson', 'link.ndjson']);
    assert.equal((await daybook(daemon.home, ['export', '/dev/null'])).exitCode, 0);
  });

  test('to a place that is not there, or a directory, exits 1 with its name', async () => {
    await using daemon = await DaemonProcess.start();
    const directory = outDirectory(daemon);
    for (const file of [join(directory, 'missing', 'events.ndjson'), directory]) {
      const { exitCode, stdout, stderr } = await daybook(daemon.home, ['export', file]);
      assert.deepEqual([exitCode, stdout], [1, '']);
      assert.ok(stderr.startsWith('daybook: ') && stderr.includes(file), stderr);
    }
    assert.deepEqual(readdirSync(directory), []);
    assert.deepEqual(
      readdirSync(daemon.home).filter((name) => name.includes('partial')),
      [],
    );
  });

  test('and ingest into a fresh home give an equal export', async () => {
    await using daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch([
      ...numberedFrom(0, 1_200),
      {
        type: 'odd',
        source: 's',
        timestamp: 0.1 + 0.2,
        data: JSON.parse('{"__proto__":1,"":"","ü\\u0000":[-0.5,1e300]}'),
      },
      { type: 'bare', source: 's', timestamp: 7 },
      { type: 'empty action', source: 's', action: '', timestamp: 7 },
    ]);
    const first = await daybook(daemon.home, ['export', '-']);
    await using fresh = await DaemonProcess.start();
    const { stdout } = await daybook(fresh.home, ['ingest'], { input: first.stdout });
    assert.equal(stdout, 'stored 1203, duplicate 0, rejected 0\n');
    const second = await daybook(fresh.home, ['export', '-']);
    assert.equal(second.stdout, first.stdout);
    assert.equal(first.stdout.split('\n').length, 1_204);
  });

  test('an event stored by another meanwhile does not stop it', async () => {
    await using daemon = await DaemonProcess.start();
    const client = daemon.connect();
    await client.recordBatch(numberedFrom(0, 3_000));
    const [exported] = await Promise.all([
      daybook(daemon.home, ['export', '-']),
      (async () => {
        for (let n = 3_000; n < 3_200; n += 1) await client.recordBatch([numbered(n)]);
      })(),
    ]);
    const numbers = numbersOf(rowsOf<StoredEvent>(exported.stdout));
    assert.deepEqual(numbers, countTo(numbers.length));
    assert.ok(numbers.length >= 3_000);
  });
});
