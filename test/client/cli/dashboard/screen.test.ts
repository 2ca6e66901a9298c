import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { ascii } from '../../../../client/cli/dashboard/charset.ts';
import { widthOf } from '../../../../client/cli/dashboard/cells.ts';
import { type Figures, nothingKnown } from '../../../../client/cli/dashboard/figures.ts';
import { textOf } from '../../../../client/cli/dashboard/line.ts';
import { LEAST, screen, type Size } from '../../../../client/cli/dashboard/screen.ts';
import type { View } from '../../../../client/cli/dashboard/view.ts';
import { checkProperty } from '../../../harness/property.ts';
import { busyFigures, exampleView } from './example-view.ts';

const small: Size = { columns: 80, rows: 24 };
const textsOf = (view: View, size: Size) => screen(view, size).map(textOf);

/** The lines of a text that is indented by so many blanks. */
function lines(text: string): string[] {
  return text
    .split('\n')
    .slice(1, -1)
    .map((line) => line.slice(6));
}

const emptyDatabase: Figures = {
  ...busyFigures,
  daemon: busyFigures.daemon && { ...busyFigures.daemon, events_per_second_now: 0, queue_bytes: 0, cpu_share: 0 },
  performance: null,
  capture: {
    events: 0,
    patterns: 0,
    size_bytes: 81_920,
    oldest: null,
    newest: null,
    stored: 0,
    duplicate: 0,
    rejected: 0,
  },
  minutes: busyFigures.minutes && { ...busyFigures.minutes, events: busyFigures.minutes.events.map(() => 0) },
  types: [],
  sources: [],
  learning: { active_embryos: null, average_fitness: null, latest_pattern: null },
  latest: [],
};

describe('the screen of the dashboard', () => {
  test('80x24', () => {
    const expected = lines(`
      Daybook  live  daemon 0.1.0, pid 4242, since 09:00:00              no gaps known
      Capture ──────────────────────────────   Performance ───────────────────────────
      events      1,234,567                    events/s  20,013 now, 18,400 over 60 s
      last 60 min 17,700                       receipts  p50 0.42 ms, p99 14.7 ms
      size        312.5 MiB, 265 B/event       queue     12 events, 2.0 KiB
      from        02-13 08:15 to 14:22:04      batch     mean 93, at 100 or 5 s
      since start 12,000, 3 twice, 1 refused   log (WAL) 4.1 MiB, checkpoint 14:21:50
      ▁▁▁▁▂▂▂▂▃▃▃▄▄▄▄▅▅▅▅▆▆▆▇▇▇▇████           memory    60.0 MiB, CPU 13%
      13:23  most 590 a minute   now           cleanup   next 03-06 09:00
      Types by count ───────────────────────   Sources 1 stalled, 1 late, 1 live ─────
      file_op ███████████████ 812,344  65.8%   heartbeat    stalled  14:00:00    9,000
      browser ███▉            212,223  17.2%   ミュージッ…  late     14:20:00   60,000
      app     ██              110,000   8.9%   fs           live     14:22:04  812,344
      音楽    █▏               60,000   4.9%   safari       idle     13:00:00  212,223
      and 2 more types
      AI learning  patterns 42, embryos 12, fitness 0.8312
      Latest events ──────────────────────────────────────────────────────────────────
      14:22:04 file_op      create fs           path=/tmp/a
      14:22:03 音楽         -      ミュージック 曲=夜に駆ける 🎵👨👩👧
      14:22:02 evil\\u001b[… a\\nb   x\\u0007y     text=\\u001b]0;title\\u0007\\u009b2J lis…



      q quit   p pause   f filter   s sort: count   ? help
    `);
    assert.deepEqual(textsOf(exampleView(), small), expected);
  });

  test('120x40', () => {
    const expected = lines(`
      Daybook  live  daemon 0.1.0, pid 4242, since 09:00:00                                                      no gaps known

      Capture ────────────────────────────────────────────────────   Performance ─────────────────────────────────────────────
      events      1,234,567                                          events/s  20,013 now, 18,400 over 60 s
      last 60 min 17,700                                             receipts  p50 0.42 ms, p99 14.7 ms
      size        312.5 MiB, 265 B/event                             queue     12 events, 2.0 KiB
      from        02-13 08:15 to 14:22:04                            batch     mean 93, at 100 or 5 s
      since start 12,000, 3 twice, 1 refused                         log (WAL) 4.1 MiB, checkpoint 14:21:50
       ▁▁▁▁▁▁▁▂▂▂▂▂▂▂▃▃▃▃▃▃▃▃▄▄▄▄▄▄▄▅▅▅▅▅▅▅▆▆▆▆▆▆▆▆▇▇▇▇▇▇▇████████   memory    60.0 MiB, CPU 13%
      13:23              most 590 a minute, 9.8/s              now   cleanup   next 03-06 09:00, keeps 30 days

      Types by count ─────────────────────────────────────────────   Sources 1 stalled, 1 late, 1 live ───────────────────────
      file_op              ███████████████ 812,344  65.8%    120/s   heartbeat     stalled  14:00:00    9,000
      browser              ███▉            212,223  17.2%            ミュージック  late     14:20:00   60,000
      app                  ██              110,000   8.9%    3.4/s   fs            live     14:22:04  812,344
      音楽                 █▏               60,000   4.9%            safari        idle     13:00:00  212,223
      mail                 ▌                30,000   2.4%
      evil\\u001b[31m\\u202e ▏                10,000   0.8%

      AI learning ────────────────────────────────────────────────────────────────────────────────────────────────────────────
      patterns found 42, active embryos 12, average fitness 0.8312

      Latest events ──────────────────────────────────────────────────────────────────────────────────────────────────────────
      14:22:04 file_op             create fs           path=/tmp/a
      14:22:03 音楽                -      ミュージック 曲=夜に駆ける 🎵👨👩👧
      14:22:02 evil\\u001b[31m\\u20… a\\nb   x\\u0007y     text=\\u001b]0;title\\u0007\\u009b2J list=[2] map={…} none=null













      q quit   p pause   f filter   s sort: count   ? help
    `);
    assert.deepEqual(textsOf(exampleView(), { columns: 120, rows: 40 }), expected);
  });

  test('no events yet, of a daemon that does not measure', () => {
    const expected = lines(`
      Daybook  live  daemon 0.1.0, pid 4242, since 09:00:00              no gaps known
      Capture ──────────────────────────────   Performance ───────────────────────────
      events      0                            events/s  0 now
      last 60 min 0                            receipts  not reported
      size        80.0 KiB                     queue     0 B
      from        no events yet                batch     at 100 or 5 s
      since start 0, 0 twice, 0 refused        log (WAL) not reported
                                               memory    90.0 MiB, CPU 0.0%
      13:23     nothing came     now           cleanup   keeps 30 days
      Types by count ───────────────────────   Sources ───────────────────────────────
      no events yet                            no sources yet
      AI learning  patterns 0, embryos not reported, fitness not reported
      Latest events ──────────────────────────────────────────────────────────────────
      no events yet; try: daybook send note --source me text=hello









      q quit   p pause   f filter   s sort: count   ? help
    `);
    assert.deepEqual(textsOf(exampleView({ figures: emptyDatabase }), small), expected);
  });

  test('what is not known says so', () => {
    const texts = textsOf(
      exampleView({ figures: nothingKnown, origin: { state: 'connecting', at: '/run/daybook.sock' } }),
      small,
    );
    assert.equal(texts[0], 'Daybook  no daemon answers yet, trying /run/daybook.sock');
    assert.equal(texts.filter((text) => /\d/.test(text)).length, 1, 'a number that nobody has told');
    const capture = busyFigures.capture && { ...busyFigures.capture, stored: null };
    const inFile = { ...busyFigures, capture, daemon: null, performance: null };
    const file = textsOf(exampleView({ figures: inFile, origin: { state: 'file', path: '/tmp/events.db' } }), small);
    assert.match(file[0] ?? '', /^Daybook {2}\/tmp\/events\.db, read only +no daemon$/);
    assert.match(file[2] ?? '', /no daemon: this is a file$/);
    assert.equal(file[6], 'since start no daemon');
  });

  test('a daemon that is gone leaves its last numbers, marked as old', () => {
    const since = busyFigures.capture?.newest ?? null;
    const texts = textsOf(exampleView({ origin: { state: 'lost', at: '/run/daybook.sock', since } }), small);
    assert.match(texts[0] ?? '', /^Daybook {2}no daemon answers, trying again +numbers of 14:22:04$/);
    assert.match(texts[1] ?? '', /^Capture \(old\) ─+ +Performance \(old\) ─+$/);
    assert.match(texts[2] ?? '', /^events +1,234,567 /);
  });

  test('a filter is for types, sources and events', () => {
    const texts = textsOf(exampleView({ filter: 'SaFa' }), { columns: 80, rows: 30 });
    assert.ok(texts.some((text) => /^no type matches the filter +safari +idle +13:00:00 +212,223$/.test(text)));
    assert.ok(texts.includes('nothing matches the filter'));
    assert.match(texts.at(-1) ?? '', /only SaFa \(Esc shows all\)$/);
    const typing = textsOf(exampleView({ typed: 'a\u001b' }), small);
    assert.match(typing.at(-1) ?? '', /^filter by type or source: a\\u001b_ +Enter applies, Esc leaves$/);
  });

  test('sorts by count, rate and name', () => {
    const first = (sort: View['sort']) =>
      textsOf(exampleView({ sort }), { columns: 120, rows: 40 }).find((_, row, all) =>
        all[row - 1]?.startsWith('Types'),
      ) ?? '';
    assert.match(first('count'), /^file_op /);
    assert.match(first('rate'), /^file_op /);
    assert.match(first('name'), /^app /);
  });

  test('says when the terminal is too small', () => {
    for (const size of [
      { columns: LEAST.columns - 1, rows: 24 },
      { columns: 80, rows: LEAST.rows - 1 },
    ]) {
      const texts = textsOf(exampleView(), size);
      assert.equal(texts[0], `The terminal is too small: ${size.columns}x${size.rows}.`);
      assert.equal(texts.length, size.rows);
    }
    assert.deepEqual(textsOf(exampleView(), { columns: 3, rows: 1 }), ['Th…']);
  });

  test('is as large as the terminal, whatever is in the events, and nothing in it steers the terminal', async (t) => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const name = fc.oneof(
      text,
      fc.constantFrom(
        '漢字かな',
        '\u202eabc\u2066',
        'e\u0301\u0301\u0301\u0301',
        '\u001b[2J',
        '🎵👨‍👩‍👧🇨🇭',
        '\u200b\ufeff',
      ),
    );
    const property = fc.property(
      fc.record({ columns: fc.integer({ min: 1, max: 210 }), rows: fc.integer({ min: 1, max: 70 }) }),
      fc.array(fc.record({ name, events: fc.nat() }), { maxLength: 30 }),
      fc.dictionary(name, fc.oneof(name, fc.double(), fc.array(text), fc.constant(null))),
      fc.boolean(),
      (size, names, data, isAscii) => {
        const figures: Figures = {
          ...busyFigures,
          types: names.map((each) => ({ type: each.name, events: each.events, events_per_second: each.events / 7 })),
          sources: names.map((each) => ({
            source: each.name,
            events: each.events,
            last: each.events,
            state: 'live',
            cadence_seconds: null,
          })),
          latest: names.map((each, id) => ({
            id,
            type: each.name,
            source: each.name,
            action: each.name,
            timestamp: each.events,
            data: data as never,
          })),
        };
        const shown = textsOf(
          exampleView({ figures, filter: names[0]?.name.slice(0, 1) ?? '', ...(isAscii && { charset: ascii }) }),
          size,
        );
        assert.equal(shown.length, size.rows);
        for (const line of shown) {
          assert.ok(
            widthOf(line) <= size.columns,
            `${widthOf(line)} cells of ${size.columns}: ${JSON.stringify(line)}`,
          );
          assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\u2028\u2029]/u);
        }
      },
    );
    await checkProperty(t, property, 300);
  });
});
