/** PROTOCOL.md is what others write clients from: its tables and examples must be true. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { canonicalJson } from '../../daemon/prepare/canonical-json.ts';
import { hashOf } from '../../daemon/storage/event-row.ts';
import { preparedRows } from '../harness/prepared.ts';
import { decode, encode } from '../../shared/codec.ts';
import { errorCodes } from '../../shared/errors.ts';
import { parseFrame } from '../../shared/frame.ts';
import { limits, wireLimits } from '../../shared/limits.ts';
import { durabilities } from '../../shared/messages/record.ts';
import { daemonCapabilities } from '../../shared/protocol-version.ts';
import { TemporaryDatabase } from '../harness/temporary-database.ts';

const text = readFileSync(new URL('../../shared/PROTOCOL.md', import.meta.url), 'utf8');

/** A section, from its heading to the next one of the same or a higher level. */
function section(heading: string): string {
  const lines = text.split('\n');
  const start = lines.indexOf(heading);
  assert.ok(start >= 0, `no section ${heading}`);
  const level = heading.indexOf(' ');
  const length = lines.slice(start + 1).findIndex((line) => /^#+ /.test(line) && line.indexOf(' ') <= level);
  return lines.slice(start, length < 0 ? undefined : start + 1 + length).join('\n');
}

/** Cells of the table rows whose first cell is code. */
function rows(part: string): string[][] {
  return part
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** The fenced blocks of a language. */
function fenced(part: string, language = ''): string[] {
  const blocks = [...part.matchAll(/^```(\w*)\n([^]*?)^```$/gm)];
  return blocks.filter((block) => block[1] === language).map((block) => block[2] ?? '');
}

describe('PROTOCOL.md', () => {
  test('has the limits of the code, all of them', () => {
    const table = rows(section('## hello')).filter((cells) => /^\d+$/.test(cells[1] ?? ''));
    const told = Object.fromEntries(table.map(([name, value]) => [name?.replaceAll('`', ''), Number(value)]));
    assert.deepEqual(told, { ...wireLimits });
  });

  test('has the error codes of the code, all of them, in their words', () => {
    const told = rows(section('## Errors')).map(([code, retryable, meaning]) => [
      code?.replaceAll('`', ''),
      { retryable: retryable === 'yes', meaning },
    ]);
    assert.deepEqual(told, Object.entries(errorCodes));
  });

  test('names every capability and its kinds', () => {
    const told = rows(section('## hello')).map(([name]) => name?.replaceAll('`', ''));
    for (const capability of daemonCapabilities) assert.ok(told.includes(capability), capability);
  });

  test('explains every durability, in the order they are stronger', () => {
    const told = rows(section('## record')).map(([name]) => name?.replaceAll('`', '') ?? '');
    assert.deepEqual(
      told.filter((name) => (durabilities as readonly string[]).includes(name)),
      durabilities,
    );
  });

  test('shows a frame that is one', () => {
    const dump = fenced(section('## Frames')).find((block) => block.startsWith('00 00'));
    assert.ok(dump !== undefined);
    const bytes = Buffer.from((dump.match(/^ *((?:[0-9a-f]{2} ?)+)/gm) ?? []).join('').replaceAll(/\s/g, ''), 'hex');
    assert.equal(bytes.readUInt32BE(0), bytes.length - 4);
    assert.equal(bytes.length, 63);
    const { kind, requestId, body } = parseFrame(bytes.subarray(4));
    assert.deepEqual([kind, requestId], ['record', 2]);
    assert.deepEqual(decode(body), { events: [{ type: 'app', source: 'apps', timestamp: 1760000000.25 }] });
  });

  test('shows an identity that is one', () => {
    const part = section('### Identity');
    const event = JSON.parse(fenced(part, 'json')[0] ?? '') as object;
    assert.equal(
      canonicalJson(event).text,
      fenced(part)
        .find((block) => block.startsWith('{"action"'))
        ?.trim(),
    );
    using database = new TemporaryDatabase();
    const [row] = preparedRows(encode({ events: [event] }), database.names, 0).rows;
    assert.ok(row !== undefined);
    const hash = hashOf(row).toString('hex');
    assert.ok(part.includes(`\`${hash}\``), hash);
  });

  test('has JSON in its JSON examples', () => {
    const examples = fenced(text, 'json');
    assert.ok(examples.length >= 9);
    for (const example of examples) assert.doesNotThrow(() => JSON.parse(example) as unknown, example);
  });

  test('gives the lengths of socket paths that are checked', () => {
    const part = section('## Socket');
    assert.match(
      part,
      new RegExp(`${limits.socketPathBytesDarwin} bytes on macOS and ${limits.socketPathBytesLinux} on Linux`),
    );
  });
});
