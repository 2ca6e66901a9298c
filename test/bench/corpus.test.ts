import assert from 'node:assert/strict';
import { test } from 'node:test';
import { corpus } from './corpus.ts';

const COUNT = 20_000;
const events = [...corpus(COUNT, 1)];

test('the corpus has the shares and sizes that are promised', () => {
  const shares = new Map<string, number>();
  for (const { type } of events) shares.set(type, (shares.get(type) ?? 0) + 1 / COUNT);
  const promised = { file_op: 0.6, app: 0.2, browser: 0.15, system: 0.03, clipboard: 0.02 };
  assert.deepEqual([...shares.keys()].toSorted(), Object.keys(promised).toSorted());
  for (const [type, share] of Object.entries(promised)) {
    const actual = shares.get(type) ?? 0;
    assert.ok(Math.abs(actual - share) < 0.01, `${type}: ${actual}`);
  }
  const bytes = events.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)), 0) / COUNT;
  assert.ok(bytes > 225 && bytes < 245, `${bytes} B of JSON on average`);
  for (const { type, data } of events) {
    assert.equal(type === 'clipboard', Buffer.byteLength(JSON.stringify(data)) > 1024, type);
  }
});

test('a seed always gives the same events, in the order of their time and each of them once', () => {
  assert.deepEqual([...corpus(100, 1)], events.slice(0, 100));
  assert.notDeepEqual([...corpus(100, 2)], events.slice(0, 100));
  assert.ok(events.every(({ timestamp }, index) => index === 0 || timestamp >= (events[index - 1]?.timestamp ?? 0)));
  assert.equal(new Set(events.map((event) => JSON.stringify(event))).size, COUNT);
});
