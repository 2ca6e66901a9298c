import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsageError } from '../../../client/cli/exit.ts';
import { parseTime } from '../../../client/cli/parse-time.ts';
import { RunningCommand } from '../../harness/command-line.ts';

/** A Wednesday, local time, in no zone's change of clocks. */
const now = new Date(2026, 6, 15, 14, 30, 15, 250);
const nowSeconds = now.getTime() / 1000;
const local = (...parts: [number, number, number, number?, number?, number?]) => {
  const [year, month, day, hours = 0, minutes = 0, seconds = 0] = parts;
  return new Date(year, month - 1, day, hours, minutes, seconds).getTime() / 1000;
};

const understood: [text: string, expected: number][] = [
  ['now', nowSeconds],
  [' NOW ', nowSeconds],
  ['2h ago', nowSeconds - 7_200],
  ['2H AGO', nowSeconds - 7_200],
  ['2 hours ago', nowSeconds - 7_200],
  ['1 hour ago', nowSeconds - 3_600],
  ['1.5h ago', nowSeconds - 5_400],
  ['30m', nowSeconds - 1_800],
  ['30 min ago', nowSeconds - 1_800],
  ['45 seconds ago', nowSeconds - 45],
  ['90s', nowSeconds - 90],
  ['3d', nowSeconds - 3 * 86_400],
  ['2 weeks ago', nowSeconds - 14 * 86_400],
  ['today', local(2026, 7, 15)],
  ['today 9:00', local(2026, 7, 15, 9)],
  ['today at 09:05', local(2026, 7, 15, 9, 5)],
  ['yesterday', local(2026, 7, 14)],
  ['yesterday 15:00', local(2026, 7, 14, 15)],
  ['Yesterday 23:59:59', local(2026, 7, 14, 23, 59, 59)],
  ['9:00', local(2026, 7, 15, 9)],
  ['23:15:30', local(2026, 7, 15, 23, 15, 30)],
  ['2026-11-21', local(2026, 11, 21)],
  ['2026-11-21 15:00', local(2026, 11, 21, 15)],
  ['2026-11-21 00:00:01', local(2026, 11, 21, 0, 0, 1)],
  ['2024-02-29', local(2024, 2, 29)],
  ['2026-11-21T15:00', local(2026, 11, 21, 15)],
  ['2026-11-21T15:00:00Z', Date.UTC(2026, 10, 21, 15) / 1000],
  ['2026-11-21t15:00:00.125z', Date.UTC(2026, 10, 21, 15) / 1000 + 0.125],
  ['2026-11-21T15:00:00+02:00', Date.UTC(2026, 10, 21, 13) / 1000],
  ['0', 0],
  ['1700000000', 1_700_000_000],
  ['1700000000.25', 1_700_000_000.25],
  ['last friday', local(2026, 7, 10)],
  ['yesterday 3pm', local(2026, 7, 14, 15)],
];

const refused = [
  '',
  '   ',
  'blue',
  'ago',
  '2 blue ago',
  '2026-02-29',
  '2026-02-31',
  '2026-04-31 10:00',
  '2026-11-00',
  '2026-00-10',
  '2026-13-01',
  '2026-02-31T10:00',
  '2026-11-21 25:00',
  '2026-11-21 24:30',
  '2026-11-21 10:60',
  'today 24:01',
  'today 9:99',
  '99:00',
  '1700000000000',
  'NaN',
  'Infinity',
  '2h ago or so',
  'drop table event',
];

describe('parseTime', () => {
  for (const [text, expected] of understood) {
    test(`understands ${JSON.stringify(text)}`, async () => {
      assert.equal(await parseTime(text, now), expected);
    });
  }

  for (const text of refused) {
    test(`refuses ${JSON.stringify(text)}`, async () => {
      await assert.rejects(
        async () => {
          const seconds = await parseTime(text, now);
          throw new Error(`it was taken for ${new Date(seconds * 1000).toISOString()}`);
        },
        (error: unknown) => {
          assert.ok(error instanceof UsageError, String(error));
          assert.ok(error.message.includes(JSON.stringify(text)) && error.message.includes('2h ago'), error.message);
          return true;
        },
      );
    });
  }

  test('yesterday of the first day of a month or year', async () => {
    assert.equal(await parseTime('yesterday', new Date(2026, 2, 1, 12)), local(2026, 2, 28));
    assert.equal(await parseTime('yesterday 8:00', new Date(2026, 0, 1, 12)), local(2025, 12, 31, 8));
  });

  test('times without a zone are local, wherever that is, and a day ago is 24 hours', async () => {
    const module = new URL('../../../client/cli/parse-time.ts', import.meta.url).href;
    // The clocks in New York went forward at 2:00 on 8 March 2026.
    const script = `
      import { parseTime } from ${JSON.stringify(module)};
      const now = new Date('2026-03-08T16:00:00Z');
      const texts = ['2026-03-08', '2026-03-08 12:00', 'yesterday 12:00', '1 day ago', '2026-03-08T12:00:00Z'];
      for (const text of texts) console.log(new Date((await parseTime(text, now)) * 1000).toISOString());`;
    const { stdout, stderr } = await new RunningCommand(process.execPath, ['--input-type=module', '--eval', script], {
      environment: { TZ: 'America/New_York' },
    }).ended;
    assert.equal(stderr, '');
    assert.deepEqual(stdout.trimEnd().split('\n'), [
      '2026-03-08T05:00:00.000Z',
      '2026-03-08T16:00:00.000Z',
      '2026-03-07T17:00:00.000Z',
      '2026-03-07T16:00:00.000Z',
      '2026-03-08T12:00:00.000Z',
    ]);
  });
});
