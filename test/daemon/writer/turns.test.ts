import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Turns } from '../../../daemon/writer/turns.ts';

/** Everything there is, in the order in which it is done; each work takes as many turns as its number says. */
function order(turns: Turns<{ name: string; left: number }>): string[] {
  const names: string[] = [];
  for (let next = turns.next(); next !== undefined; next = turns.next()) {
    names.push(next.work.name);
    next.work.left -= 1;
    turns.end(next.sender, next.work.left === 0);
  }
  return names;
}

describe('Turns', () => {
  test('are taken by the senders one after the other, and each keeps its order', () => {
    const turns = new Turns<{ name: string; left: number }>();
    for (const name of ['a1', 'a2', 'a3']) turns.push(1, { name, left: 1 });
    turns.push(2, { name: 'b1', left: 1 });
    assert.deepEqual(order(turns), ['a1', 'b1', 'a2', 'a3']);
    assert.equal(turns.isEmpty, true);
  });

  test('end before much work is done, and it goes on where it was', () => {
    const turns = new Turns<{ name: string; left: number }>();
    turns.push(1, { name: 'much', left: 3 });
    turns.push(1, { name: 'after', left: 1 });
    turns.push(2, { name: 'little', left: 1 });
    assert.deepEqual(order(turns), ['much', 'little', 'much', 'much', 'after']);
  });

  test('tell how much a sender has to do', () => {
    const turns = new Turns<string>();
    assert.equal(turns.next(), undefined);
    assert.equal(turns.has(1), false);
    for (let n = 0; n < 1_000; n += 1) turns.push(1, String(n));
    for (let n = 0; n < 999; n += 1) {
      assert.deepEqual(turns.next(), { sender: 1, work: String(n), count: 1_000 - n });
      turns.end(1, true);
    }
    assert.equal(turns.has(1), true);
    turns.end(1, true);
    assert.deepEqual([turns.has(1), turns.isEmpty, turns.next()], [false, true, undefined]);
  });
});
