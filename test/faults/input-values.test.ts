import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import Sqlite from 'better-sqlite3';
import { noticesPollution } from '../harness/daemon-faults.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { Entries, Raw, rawText } from '../harness/msgpack.ts';
import { RawRecorder } from '../harness/raw-recorder.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { float32, float64, int64, uint64 } from '../shared/msgpack-forms.ts';

const home = temporaryHome();
const pollution = join(home.path, 'polluted');
let daemon: DaemonProcess;
let client: RawRecorder;
let timestamp = 1_000;
before(async () => {
  daemon = await DaemonProcess.start({ nodeArguments: noticesPollution(pollution) });
  client = await RawRecorder.open(daemon.paths.socket);
});
after(async () => {
  client.raw.destroy();
  await daemon.stop();
  home.remove();
});

const event = <Fields extends object>(fields: Fields) => ({
  type: 't',
  source: 's',
  timestamp: (timestamp += 1),
  ...fields,
});

/** What the database holds of the event at this timestamp, and what a query shows of it. */
async function stored(
  at: number,
): Promise<{ row: { [column: string]: unknown }; shown: { [field: string]: unknown } }> {
  const db = new Sqlite(daemon.paths.database, { readonly: true });
  const row = db.prepare<[number], { [column: string]: unknown }>('SELECT * FROM events WHERE timestamp = ?').get(at);
  db.close();
  const { body } = await client.ask('query', { filter: { since: at, until: at + 0.5 } });
  assert.ok(row !== undefined && body.events.length === 1, `one event at ${at}`);
  return { row, shown: body.events[0] as { [field: string]: unknown } };
}

test('row 29: a timestamp that is none is refused, its neighbours are stored, and the connection stays open', async () => {
  const none: [what: string, value: unknown][] = [
    ['NaN', Number.NaN],
    ['NaN as float 32', new Raw(float32(Number.NaN))],
    ['a signalling NaN', new Raw('cb7ff0000000000001')],
    ['infinity', Number.POSITIVE_INFINITY],
    ['minus infinity', Number.NEGATIVE_INFINITY],
    ['1e300', 1e300],
    ['-1', -1],
    ['the smallest below 0', -Number.MIN_VALUE],
    ['the year 10000', 253_402_300_800],
    ['milliseconds', Date.now()],
    ['2^53', new Raw(float64(2 ** 53))],
    ['2^53 as uint 64', new Raw(uint64(2n ** 53n))],
    ['2^64 - 1', new Raw(uint64(2n ** 64n - 1n))],
    ['-2^63', new Raw(int64(-(2n ** 63n)))],
    ['text', '1760000000'],
    ['text that is a date', '2026-01-01T00:00:00Z'],
    ['true', true],
    ['a list', [1]],
    ['a map', { seconds: 1 }],
    ['binary', Buffer.from([1])],
  ];
  for (const [what, value] of none) {
    const codes = await client.codesOf([event({}), event({ timestamp: value }), event({})]);
    assert.deepEqual([codes[0], codes[2]], [undefined, undefined], what);
    assert.equal(codes[1], 'invalid_timestamp', what);
  }
  assert.deepEqual(
    await client.codesOf([event({ timestamp: new Raw('d6ff5a4af6a5') })]),
    ['invalid_data'],
    'an extension',
  );
  for (const value of [0, -0, 253_402_300_799, new Raw(uint64(7n)), new Raw(float32(0.5)), 1_760_000_000.25]) {
    assert.deepEqual(await client.codesOf([event({ timestamp: value })]), [undefined]);
  }
});

describe('text', () => {
  const broken: [what: string, hex: string][] = [
    ['a byte of no character', '61ff62'],
    ['a continuation without a start', '80'],
    ['a character cut short', 'e282'],
    ['an overlong slash', 'c0af'],
    ['an overlong NUL', 'c080'],
    ['a high surrogate', 'eda080'],
    ['a low surrogate', 'edb080'],
    ['both, as CESU-8', 'eda0bdedb880'],
    ['beyond the last code point', 'f4908080'],
    ['five bytes', 'f888808080'],
  ];
  const whole: [what: string, text: string][] = [
    ['NUL', 'a\0b'],
    ['nothing but NUL', '\0'],
    ['every control character', Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('')],
    ['a byte order mark', '\u{feff}a'],
    ['the replacement character', 'a\u{fffd}b'],
    ['noncharacters', '\u{ffff}\u{fdd0}\u{10ffff}'],
    ['composed and decomposed', '\u{e9} e\u{301}'],
    ['beyond the first plane', '😀𝔄'],
    ['both directions', '\u{202e}abc\u{202c}'],
  ];

  test('row 30: that is not UTF-8 is refused wherever it stands, and never changed', async () => {
    for (const [what, hex] of broken) {
      const text = rawText(Buffer.from(hex, 'hex'));
      const places = [
        event({ type: text }),
        event({ source: text }),
        event({ action: text }),
        event({ data: { text } }),
        event({ data: { deep: [{ list: [text] }] } }),
        event({ data: new Entries([[text, 1]]) }),
        event({ data: { deep: new Entries([[text, 1]]) } }),
      ];
      assert.deepEqual(
        await client.codesOf([...places, event({})]),
        [...places.map(() => 'invalid_utf8'), undefined],
        what,
      );
      const { kind, body } = await client.ask('query', { filter: { types: [text] } });
      assert.deepEqual([kind, body.code], ['error', 'invalid_request'], what);
    }
  });

  test('row 30: that is UTF-8 is kept byte for byte wherever it stands', async () => {
    for (const [what, text] of whole) {
      const sent = event({ type: `t${text}`, source: `s${text}`, action: text, data: { [`k${text}`]: [text] } });
      assert.deepEqual(await client.codesOf([sent]), [undefined], what);
      const { row, shown } = await stored(sent.timestamp);
      const { id: _, ...fields } = shown;
      assert.deepEqual(fields, sent, what);
      assert.deepEqual([row['event_type'], row['source'], row['action']], [sent.type, sent.source, sent.action], what);
      assert.deepEqual(JSON.parse(String(row['data_json'])), sent.data, what);
      const { body } = await client.ask('query', {
        filter: { types: [sent.type], sources: [sent.source], actions: [text] },
      });
      assert.equal(body.events.length, 1, `it is found by its names: ${what}`);
    }
  });
});

test('row 35: names that mean something to JavaScript are data like any other', async () => {
  const names = [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'toJSON',
    'then',
    '__defineGetter__',
  ];
  for (const name of names) {
    const entries = (value: unknown) =>
      new Entries([
        [name, value],
        ['polluted', 1],
      ]);
    const data = new Entries([
      [name, entries(entries(null))],
      ['list', [entries('x')]],
    ]);
    const sent = event({ type: name, source: name, action: name, data });
    assert.deepEqual(await client.codesOf([sent]), [undefined], name);
    const { row, shown } = await stored(sent.timestamp);
    const inner = (value: string) => `{"${name}":${value},"polluted":1}`;
    const json = `{"${name}":${inner(inner('null'))},"list":[${inner('"x"')}]}`;
    assert.equal(row['data_json'], json);
    assert.equal(JSON.stringify(shown['data']), json);
    assert.deepEqual([shown['type'], shown['source'], shown['action']], [name, name, name]);
    const found = await client.ask('query', { filter: { types: [name], sources: [name], actions: [name] } });
    assert.deepEqual(
      found.body.events.map((one) => one.timestamp),
      [sent.timestamp],
    );
    assert.deepEqual(await client.codesOf([sent]), [undefined]);

    const field = new Entries([...Object.entries(event({})), [name, { polluted: 1 }]]);
    assert.deepEqual(await client.codesOf([field]), ['invalid_event'], 'not as a field of an event');
    const request = await client.ask('query', new Entries([[name, { polluted: 1 }]]));
    assert.ok(request.kind === 'reply' || request.body.code === 'invalid_request');
    const options = await client.ask(
      'record',
      new Entries([
        [name, 1],
        ['events', []],
      ]),
    );
    assert.equal(options.body.code, 'invalid_request');
    assert.equal((await client.ask(name, {})).body.code, 'unknown_kind');
  }
  const { by_type: byType } = (await daemon.connect().stats()).database_stats;
  for (const name of names) assert.equal(Object.getOwnPropertyDescriptor(byType, name)?.value, 1, name);
  assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  assert.equal((await daemon.kill('SIGTERM')).exitCode, 0);
  assert.equal(existsSync(pollution), false, 'no thread of the daemon has another Object.prototype');
});
