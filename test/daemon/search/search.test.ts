import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Client, EventSearch, StoredEvent } from '../../../client/index.ts';
import { DaybookError } from '../../../shared/errors.ts';
import { corpus } from '../../bench/corpus.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { indexedTo } from '../../harness/indexed-to.ts';
import { checkProperty, seed, seededIntegers } from '../../harness/property.ts';
import { scanFor, textsOf } from '../../harness/search-scan.ts';
import { waitFor } from '../../harness/wait-for.ts';

const INDEXED = 1_100;
const EVENTS = INDEXED + 100;

let daemon: DaemonProcess;
let client: Client;
let stored: StoredEvent[];

async function idsOf(query: string, options: EventSearch = {}): Promise<number[]> {
  const ids: number[] = [];
  for await (const event of client.search(query, options)) ids.push(event.id);
  return ids;
}

const newestFirst = (events: readonly StoredEvent[]) => events.map(({ id }) => id).toSorted((a, b) => b - a);

before(async () => {
  daemon = await DaemonProcess.start();
  client = daemon.connect();
  const events = [...corpus(EVENTS, seed)];
  await client.recordBatch(events.slice(0, INDEXED));
  await waitFor('the index', () => indexedTo(daemon.paths.database) === INDEXED);
  // Too few to be indexed at once: they are found by reading them.
  await client.recordBatch(events.slice(INDEXED));
  stored = [];
  for await (const event of client.events()) stored.push(event);
});
after(() => daemon.stop());

describe('search', () => {
  test('finds what a scan of the texts finds: words, prefixes and phrases, indexed or not', async (t) => {
    for (const number of seededIntegers(t, 200, 0, 2 ** 31 - 1)) {
      const texts = textsOf(stored[number % stored.length] ?? assert.fail());
      const words = (texts[number % texts.length] ?? '').split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
      const at = number % Math.max(words.length, 1);
      const word = words[at];
      if (word === undefined) continue;
      const phrase = words.slice(at, at + 1 + (number % 3));
      const prefix = word.slice(0, 1 + (number % word.length));
      assert.deepEqual(await idsOf(word), scanFor(stored, { words: [word], isPrefix: false }), word);
      assert.deepEqual(await idsOf(`${prefix}*`), scanFor(stored, { words: [prefix], isPrefix: true }), `${prefix}*`);
      const found = scanFor(stored, { words: phrase, isPrefix: false });
      assert.deepEqual(await idsOf(`"${phrase.join(' ')}"`), found, phrase.join(' '));
    }
  });

  test('goes together with every filter', async () => {
    const middle = stored[600]?.timestamp ?? assert.fail();
    const has = (event: StoredEvent, word: string) => textsOf(event).some((text) => text.split(/\W+/).includes(word));
    const cases: [EventSearch, (event: StoredEvent) => boolean][] = [
      [{ types: ['app', 'browser'] }, ({ type }) => type === 'app' || type === 'browser'],
      [{ sources: ['clipboard'] }, ({ source }) => source === 'clipboard'],
      [{ actions: ['delete'] }, ({ action }) => action === 'delete'],
      [{ since: middle }, ({ timestamp }) => timestamp >= middle],
      [{ until: middle, types: ['app'] }, ({ timestamp, type }) => timestamp < middle && type === 'app'],
      [
        { where: [{ path: ['data', 'app'], op: '=', value: 'Mail' }] },
        ({ data }) => (data as { app?: string }).app === 'Mail',
      ],
      [{ types: ['never seen'] }, () => false],
    ];
    for (const [filter, keeps] of cases) {
      const expected = newestFirst(stored.filter((event) => has(event, 'budget') && keeps(event)));
      assert.deepEqual(await idsOf('budget', filter), expected, JSON.stringify(filter));
    }
  });

  test('understands fields, minus and OR', async () => {
    const inTitle = ({ data }: StoredEvent, word: string) =>
      ((data as { title?: string }).title ?? '').split(/\W+/).includes(word);
    const has = (event: StoredEvent, word: string) => textsOf(event).some((text) => text.split(/\W+/).includes(word));
    const check = async (query: string, keeps: (event: StoredEvent) => boolean) =>
      assert.deepEqual(await idsOf(query), newestFirst(stored.filter(keeps)), query);
    await check('title:budget', (event) => inTitle(event, 'budget'));
    await check('budget -mail', (event) => has(event, 'budget') && !has(event, 'Mail'));
    await check('budget -title:budget', (event) => has(event, 'budget') && !inTitle(event, 'budget'));
    await check(
      'mail OR notes budget',
      (event) => ['Mail', 'notes', 'Notes'].some((word) => has(event, word)) && has(event, 'budget'),
    );
    await check('-file_op', ({ type }) => type !== 'file_op');
  });

  test('goes on from its cursor, whatever is stored meanwhile', async () => {
    const expected = await idsOf('report');
    const ids: number[] = [];
    let cursor: string | undefined;
    for (let page = 0; page === 0 || cursor !== undefined; page += 1) {
      const reply = await client.searchPage({ query: 'report', limit: 50, ...(cursor !== undefined && { cursor }) });
      ids.push(...reply.events.map(({ id }) => id));
      cursor = reply.cursor ?? undefined;
      if (page === 0) await client.recordBatch([{ type: 'late', source: 's', timestamp: 5, data: { text: 'report' } }]);
      assert.ok(page < 100);
    }
    assert.deepEqual(ids, expected);
    assert.equal((await idsOf('report')).length, expected.length + 1);
    assert.equal((await client.searchPage({ query: 'report', limit: expected.length + 1 })).cursor, null);
    const listed = await client.page({ limit: 1 });
    await assert.rejects(client.searchPage({ query: 'report', cursor: listed.cursor ?? 'x' }), {
      code: 'invalid_cursor',
    });
  });

  test('gives results or a clear refusal for anything', async (t) => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        '"',
        "'",
        '*',
        '-',
        ':',
        '(',
        ')',
        'NEAR(',
        ' OR ',
        ' AND ',
        ' NOT ',
        '%',
        '🎉',
        '\\',
        '{words}',
        '^',
        '+',
        '--',
        ';',
        'report',
        '\0',
        '×t1',
        '\ue000t1',
        'title:',
        'É',
        '東京',
      ),
    );
    const query = fc.array(piece, { minLength: 1, maxLength: 8 }).map((pieces) => pieces.join('').toWellFormed());
    await checkProperty(
      t,
      fc.asyncProperty(query, async (text) => {
        try {
          assert.ok(Array.isArray((await client.searchPage({ query: text, limit: 5 })).events));
        } catch (error) {
          assert.ok(
            error instanceof DaybookError && error.message.includes('no word'),
            `${JSON.stringify(text)}: ${String(error)}`,
          );
        }
      }),
      200,
    );
    await assert.rejects(client.searchPage({ query: 'x'.repeat(5_000) }), { code: 'too_large' });
    await assert.rejects(client.searchPage({ query: 'x'.repeat(2 ** 20) }), { code: 'too_large' });
  });

  test('is right without its index, and with a new one after it was damaged', async () => {
    const expected = await idsOf('"budget report" OR review');
    await daemon.kill('SIGKILL');
    const path = `${daemon.paths.database}.search`;
    writeFileSync(path, Buffer.alloc(64 * 1024, 0x5a));
    const { home } = daemon;
    await using second = await DaemonProcess.start({ home });
    client = second.connect();
    assert.deepEqual(await idsOf('"budget report" OR review'), expected);
    await waitFor('a new index', () => indexedTo(second.paths.database) >= EVENTS);
    assert.deepEqual(await idsOf('"budget report" OR review'), expected);
    await second.stop();
    await using third = await DaemonProcess.start({ home, config: { persistence: { search: false } } });
    client = third.connect();
    assert.deepEqual(await idsOf('"budget report" OR review'), expected);
  });
});
