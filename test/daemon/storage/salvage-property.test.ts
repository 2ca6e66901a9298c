import * as fc from 'fast-check';
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { checkProperty } from '../../harness/property.ts';
import { seededRandom } from '../../harness/seeded-random.ts';
import { assertHonest, PAGE_BYTES, pageIn, SalvageSource, salvaged, type Salvaged } from './salvage-source.ts';

/** Nothing is lost but what stands on these pages, unless no copy of the dictionary is left. */
function assertLostOnlyFrom(source: SalvageSource, outcome: Salvaged, pages: readonly number[]): void {
  const names = ['name', 'sqlite_autoindex_name_2'].map((tree) => source.pagesOf(tree));
  if (names.every((tree) => tree.some((page) => pages.includes(page)))) return;
  if (!source.pagesOf('meta').some((page) => pages.includes(page))) assert.equal(outcome.lastId, source.lastId);
  const onDamaged = new Set(pages.flatMap((page) => source.idsOn(page)));
  const kept = new Set(outcome.events.map(({ id }) => id));
  const lostElsewhere = source.events.filter(({ id }) => !kept.has(id) && !onDamaged.has(id));
  assert.deepEqual(lostElsewhere.map(({ id }) => id).slice(0, 5), [], 'lost though their pages are sound');
}

const someSeed = fc.integer({ min: 1, max: 2 ** 31 - 1 });

describe('salvage, whatever pages are damaged', () => {
  test('of a database with 20,000 events: garbage', async (t) => {
    const source = new SalvageSource(20_000);
    const damage = fc.tuple(fc.array(fc.integer({ min: 1, max: source.pageCount }), { maxLength: 40 }), someSeed);
    await checkProperty(
      t,
      fc.property(damage, ([pages, seed]) => {
        const random = seededRandom(seed);
        const bytes = source.damaged((copy) => {
          for (const page of pages) pageIn(copy, page).forEach((_, at, all) => (all[at] = Math.floor(random() * 256)));
        });
        const outcome = salvaged(bytes, { databaseId: source.databaseId });
        assertHonest(source, outcome);
        assertLostOnlyFrom(source, outcome, pages);
        assert.equal(outcome.databaseId, source.databaseId);
      }),
      1,
    );
  });

  describe('of a small one', () => {
    let source: SalvageSource;
    before(() => {
      source = new SalvageSource(600);
    });

    test('zeros, copies of other pages, and ends that are missing', async (t) => {
      const page = fc.nat(1_000).map((n) => (n % source.pageCount) + 1);
      const damage = fc.record({
        zeroed: fc.array(page, { maxLength: 5 }),
        misplaced: fc.array(fc.tuple(page, page), { maxLength: 5 }),
        missingBytes: fc.oneof(fc.constant(0), fc.nat(20 * PAGE_BYTES)),
      });
      await checkProperty(
        t,
        fc.property(damage, ({ zeroed, misplaced, missingBytes }) => {
          const end = source.bytes.length - missingBytes;
          const whole = source.damaged((copy) => {
            for (const [from, to] of misplaced) pageIn(copy, to).set(pageIn(source.bytes, from));
            for (const number of zeroed) pageIn(copy, number).fill(0);
          });
          const outcome = salvaged(whole.subarray(0, end), { databaseId: source.databaseId });
          assertHonest(source, outcome);
          const cut = Array.from(
            { length: source.pageCount - Math.floor(end / PAGE_BYTES) },
            (_, n) => source.pageCount - n,
          );
          assertLostOnlyFrom(source, outcome, [...zeroed, ...misplaced.map(([, to]) => to), ...cut]);
        }),
        8,
      );
    });

    test('single bytes, anywhere', async (t) => {
      const flip = fc.tuple(fc.nat(1_000), fc.nat(PAGE_BYTES - 1), fc.integer({ min: 1, max: 255 }));
      await checkProperty(
        t,
        fc.property(fc.array(flip, { minLength: 1, maxLength: 60 }), (flips) => {
          const pages = flips.map(([n]) => (n % source.pageCount) + 1);
          const bytes = source.damaged((copy) => {
            for (const [index, [, at, mask]] of flips.entries()) {
              const page = pageIn(copy, pages[index] ?? 1);
              page[at] = (page[at] ?? 0) ^ mask;
            }
          });
          const outcome = salvaged(bytes, { databaseId: source.databaseId });
          assertLostOnlyFrom(source, outcome, pages);
          // The hash does not cover when an event arrived, nor which bytes of equal meaning keep it.
          const originals = new Map(source.events.map((event) => [event.id, event]));
          for (const { id, timestamp, event_type: type, source: from, action, hash } of outcome.events) {
            const original = originals.get(id);
            assert.deepEqual(
              [timestamp, type, from, action, hash],
              [
                original?.timestamp,
                original?.['event_type'],
                original?.['source'],
                original?.['action'],
                original?.['hash'],
              ],
            );
          }
        }),
        10,
      );
    });
  });
});
