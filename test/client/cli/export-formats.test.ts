import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import type { EventInput } from '../../../client/index.ts';
import { daybook, rowsOf } from '../../harness/command-line.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { parseCsv } from './export/rfc4180.ts';

const events: (EventInput & { timestamp: number; data: object })[] = [
  {
    type: 'odd',
    source: 'ü,"',
    timestamp: 0.1 + 0.2,
    action: '',
    data: JSON.parse('{"__proto__":1,"a.b":"","":[-0.5]}'),
  },
  { type: 'bare', source: 's', timestamp: 7, data: {} },
  ...Array.from({ length: 2_500 }, (_, n) => ({
    type: 'note',
    source: 's',
    timestamp: 1_760_000_000 + n / 3,
    action: 'count',
    data: {
      n,
      text: `"${n}",\r\n`,
      ...(n === 2_400 && { late: { deep: [null] } }),
      ...(n % 500 === 0 && { big: 'x'.repeat(9_000) }),
    },
  })),
];

describe('export', () => {
  let daemon: DaemonProcess;
  let directory: string;

  before(async () => {
    daemon = await DaemonProcess.start();
    await daemon.connect().recordBatch(events);
    directory = join(daemon.home, 'out');
    mkdirSync(directory);
  });
  after(() => daemon.stop());

  /** The bytes of an export under this name. */
  async function exported(name: string, ...args: string[]): Promise<Buffer> {
    const { exitCode, stderr } = await daybook(daemon.home, ['export', join(directory, name), ...args]);
    assert.deepEqual([exitCode, stderr.split(' ')[1]], [0, stderr.startsWith('1 ') ? 'event' : 'events'], stderr);
    return readFileSync(join(directory, name));
  }

  test('compressed by the ending of the name, the format by the one before it', async () => {
    assert.deepEqual(rowsOf(gunzipSync(await exported('a.jsonl.gz')).toString()), events);
    const document = JSON.parse(zstdDecompressSync(await exported('a.JSON.zst')).toString());
    assert.deepEqual([document.total_events, document.events], [events.length, events]);
    assert.deepEqual(rowsOf(zstdDecompressSync(await exported('b.zst')).toString()), events);
  });

  test('csv: a column for every key of data, also of one that comes late', async () => {
    const [heads, ...rows] = parseCsv((await exported('a.csv')).toString());
    const keys = ['__proto__', '"a.b"', '""', 'n', 'text', 'big', 'late'].map((key) => `data.${key}`);
    assert.deepEqual(heads, ['timestamp', 'type', 'source', 'action', ...keys]);
    const nothing = undefined;
    assert.deepEqual(rows[0], [`${0.1 + 0.2}`, 'odd', 'ü,"', '', '1', '', '[-0.5]', ...Array(4).fill(nothing)]);
    assert.deepEqual(rows[1], ['7', 'bare', 's', ...Array(8).fill(nothing)]);
    assert.deepEqual(rows[2_402]?.slice(6), [nothing, '2400', '"2400",\r\n', nothing, '{"deep":[null]}'].slice(0));
    assert.deepEqual(
      rows.slice(2).map((row) => row[7]),
      events.slice(2).map((_, n) => String(n)),
    );
  });

  test('csv: columns that were asked for, of events that match', async () => {
    const args = [
      '--columns',
      'time, data.late.deep[0], data.n, data',
      '--since',
      '1760000799.9',
      '--until',
      '1760000800.2',
    ];
    assert.equal(
      (await exported('b.csv.gz', ...args).then(gunzipSync)).toString(),
      'time,data.late.deep[0],data.n,data\r\n' +
        '2025-10-09T09:06:40.000Z,,2400,"{""n"":2400,""text"":""\\""2400\\"",\\r\\n"",""late"":{""deep"":[null]}}"\r\n',
    );
  });

  test('csv: of nothing is its heads', async () => {
    assert.equal((await exported('c.csv', '--type', 'nosuch')).toString(), 'timestamp,type,source,action\r\n');
  });

  test('parquet: typed columns, data as JSON text', async () => {
    const { buffer: file, byteOffset, byteLength } = await exported('a.parquet');
    const bytes = file.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
    const { schema } = parquetMetadata(bytes);
    assert.deepEqual(
      schema
        .slice(1)
        .map(({ name, type, converted_type: meaning, repetition_type: how }) => [name, type, meaning, how]),
      [
        ['timestamp', 'DOUBLE', undefined, 'REQUIRED'],
        ['time', 'INT64', 'TIMESTAMP_MICROS', 'REQUIRED'],
        ['type', 'BYTE_ARRAY', 'UTF8', 'REQUIRED'],
        ['source', 'BYTE_ARRAY', 'UTF8', 'REQUIRED'],
        ['action', 'BYTE_ARRAY', 'UTF8', 'OPTIONAL'],
        ['data', 'BYTE_ARRAY', 'UTF8', 'REQUIRED'],
      ],
    );
    const compressors = { ZSTD: (input: Uint8Array) => zstdDecompressSync(input) };
    const rows = await parquetReadObjects({ file: bytes, compressors });
    assert.deepEqual(
      rows.map(({ time: _time, data, action, ...rest }) => ({
        ...rest,
        ...(action !== null && { action }),
        data: JSON.parse(data),
      })),
      events,
    );
    assert.deepEqual(rows[2]?.['time'], new Date(1_760_000_000_000));
  });

  test('parquet: of nothing is a table without rows', async () => {
    const file = new Uint8Array(await exported('b.parquet', '--type', 'nosuch')).buffer;
    assert.deepEqual([parquetMetadata(file).num_rows, await parquetReadObjects({ file })], [0n, []]);
  });
});
