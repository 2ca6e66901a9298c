import type { Database } from 'better-sqlite3';
import assert from 'node:assert/strict';
import type { GapLedger } from '../../daemon/storage/gap-ledger.ts';

export type GapStep =
  | { arrive: string; first: number; count: number }
  /** What comes next, or after having left out `skip` numbers. */
  | { next: string; skip: number; count: number }
  | { report: string; from: number; count: number; reason: string }
  | { refuse: string; code: string };

interface Numbering {
  next: number;
  /** Numbers below `next` that have not come, and why. */
  absent: Map<number, string>;
}

/** What a gap ledger knows, number by number. */
export class GapLedgerModel {
  readonly #producers: Map<string, Numbering>;
  readonly #refused: Map<string, number>;

  constructor(producers: Map<string, Numbering> = new Map(), refused: Map<string, number> = new Map()) {
    this.#producers = producers;
    this.#refused = refused;
  }

  copy(): GapLedgerModel {
    const producers = [...this.#producers].map(
      ([name, { next, absent }]) => [name, { next, absent: new Map(absent) }] as const,
    );
    return new GapLedgerModel(new Map(producers), new Map(this.#refused));
  }

  /** Takes one step, and has the ledger take it. */
  step(step: GapStep, ledger: GapLedger, nowSeconds: number): void {
    if ('refuse' in step) {
      const { refuse: producer, code } = step;
      ledger.refused({ producer, sourceId: 1, code, count: 2, since: 0, until: 1 }, nowSeconds);
      const key = `${producer} rejected: ${code}`;
      this.#refused.set(key, (this.#refused.get(key) ?? 0) + 2);
      return;
    }
    if ('report' in step) {
      const { report: name, from, count, reason } = step;
      const to = from + count - 1;
      ledger.reported({ ...producerOf(name), from, to, since: 0, until: 1, reason }, null, nowSeconds);
      const numbering = this.#skipTo(name, from);
      for (let number = from; number <= to; number += 1) {
        if (number >= numbering.next || numbering.absent.has(number)) numbering.absent.set(number, reason);
      }
      numbering.next = Math.max(numbering.next, to + 1);
      return;
    }
    const name = 'next' in step ? step.next : step.arrive;
    const first = 'next' in step ? (this.#producers.get(name)?.next ?? 1) + step.skip : step.first;
    const origin = { ...producerOf(name), first };
    for (let number = first; number < first + step.count; number += 1) {
      assert.equal(ledger.hasArrived(origin, number), this.#hasArrived(name, number), `${name} ${number}`);
    }
    ledger.arrived(origin, step.count, { sourceId: 1, since: 0, until: 1 }, nowSeconds);
    const numbering = this.#skipTo(name, first);
    for (let number = first; number < first + step.count; number += 1) numbering.absent.delete(number);
    numbering.next = Math.max(numbering.next, first + step.count);
  }

  assertEqual(db: Database, ledger: GapLedger): void {
    const rows = db
      .prepare<[], { name: string; epoch: string; from: number; to: number; events: number; reason: string }>(
        `SELECT producer.name, epoch, from_counter AS "from", to_counter AS "to", events, reason
         FROM gap JOIN producer ON producer.id = producer_id ORDER BY gap.id`,
      )
      .all();
    const absent = new Map<string, string>();
    for (const { name, epoch, from, to, events, reason } of rows) {
      assert.equal(events, to - from + 1);
      for (let number = from; number <= to; number += 1) {
        const key = `${name}/${epoch} ${number}`;
        assert.ok(!absent.has(key), `${key} is in two gaps`);
        absent.set(key, reason);
      }
    }
    const expected = [...this.#producers].flatMap(([name, numbering]) =>
      [...numbering.absent].map(([number, reason]) => {
        const { producer, epoch } = producerOf(name);
        return [`${producer}/${epoch} ${number}`, reason] as const;
      }),
    );
    assert.deepEqual(sorted(absent), sorted(new Map(expected)));

    const refused = db
      .prepare<[], [string, number]>("SELECT producer || ' ' || reason, events FROM gap WHERE producer_id IS NULL")
      .raw()
      .all();
    assert.deepEqual(sorted(new Map(refused)), sorted(this.#refused));
    assert.equal(refused.length, this.#refused.size);
    assert.equal(ledger.size, rows.length + refused.length);
  }

  #hasArrived(name: string, number: number): boolean {
    const numbering = this.#producers.get(name);
    return numbering !== undefined && number < numbering.next && !numbering.absent.has(number);
  }

  /** The producer has left out everything up to this number. */
  #skipTo(name: string, first: number): Numbering {
    const numbering = this.#producers.get(name) ?? { next: 1, absent: new Map<number, string>() };
    this.#producers.set(name, numbering);
    for (; numbering.next < first; numbering.next += 1) numbering.absent.set(numbering.next, 'missing');
    return numbering;
  }
}

function producerOf(name: string): { producer: string; epoch: string } {
  const [producer = '', epoch = 'now'] = name.split(', ');
  return { producer, epoch };
}

function sorted<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
