import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import { zstdCompressSync } from 'node:zlib';
import type { StoredEvent } from '../../../shared/event.ts';
import type { EventPages, Parts } from './formats.ts';

/** A row group is what is in memory at a time. */
const GROUP_ROWS = 50_000;
const GROUP_DATA_BYTES = 8 * 1024 * 1024;

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
const schema: SchemaElement[] = [
  { name: 'events', num_children: 6 },
  { name: 'timestamp', type: 'DOUBLE', repetition_type: 'REQUIRED' },
  {
    name: 'time',
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
    repetition_type: 'REQUIRED',
  },
  { name: 'type', ...text, repetition_type: 'REQUIRED' },
  { name: 'source', ...text, repetition_type: 'REQUIRED' },
  { name: 'action', ...text, repetition_type: 'OPTIONAL' },
  { name: 'data', ...text, repetition_type: 'REQUIRED' },
];

/**
 * A Parquet file, zstd inside. `timestamp` is the number that was sent, `time` the same instant as a timestamp in
 * microseconds, UTC; `data` is JSON text; the rest is text, and `action` may be null.
 * Format: https://parquet.apache.org/docs/file-format/
 */
export async function* parquet(pages: EventPages): Parts {
  const output = new ByteWriter();
  const file = new ParquetWriter({
    writer: output,
    schema,
    codec: 'ZSTD',
    compressors: { ZSTD: (bytes) => zstdCompressSync(bytes) },
    createdBy: 'daybook',
  });
  const take = () => {
    const bytes = output.getBytes().slice();
    output.index = 0;
    return bytes;
  };
  let group = new RowGroup();
  for await (const events of pages) {
    for (const event of events) group.add(event);
    if (!group.isFull) continue;
    await group.writeTo(file);
    group = new RowGroup();
    yield take();
  }
  await group.writeTo(file);
  await file.finish();
  yield take();
}

class RowGroup {
  readonly #timestamp: number[] = [];
  readonly #time: bigint[] = [];
  readonly #type: string[] = [];
  readonly #source: string[] = [];
  readonly #action: (string | null)[] = [];
  readonly #data: Buffer[] = [];
  #dataBytes = 0;

  get isFull(): boolean {
    return this.#data.length >= GROUP_ROWS || this.#dataBytes >= GROUP_DATA_BYTES;
  }

  add({ timestamp, type, source, action, data }: StoredEvent): void {
    // Small ones share memory, which those that the writer would make do not.
    const json = Buffer.from(JSON.stringify(data));
    this.#timestamp.push(timestamp);
    this.#time.push(microseconds(timestamp));
    this.#type.push(type);
    this.#source.push(source);
    this.#action.push(action ?? null);
    this.#data.push(json);
    this.#dataBytes += json.length;
  }

  async writeTo(file: ParquetWriter): Promise<void> {
    if (this.#data.length === 0) return;
    const indexes = { offsetIndex: false };
    await file.write({
      rowGroupSize: this.#data.length,
      columnData: [
        { name: 'timestamp', data: this.#timestamp, encoding: 'PLAIN', ...indexes },
        { name: 'time', data: this.#time, encoding: 'DELTA_BINARY_PACKED', ...indexes },
        { name: 'type', data: this.#type, ...indexes },
        { name: 'source', data: this.#source, ...indexes },
        { name: 'action', data: this.#action, ...indexes },
        { name: 'data', data: this.#data, encoding: 'PLAIN', statistics: false, ...indexes },
      ],
    });
  }
}

/** float64 seconds have no exact microseconds late in the calendar; the nearest ones are taken. */
function microseconds(timestampSeconds: number): bigint {
  const whole = Math.floor(timestampSeconds);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((timestampSeconds - whole) * 1_000_000));
}
