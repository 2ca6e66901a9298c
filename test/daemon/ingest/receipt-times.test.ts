import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ReceiptTimes } from '../../../daemon/ingest/receipt-times.ts';

describe('ReceiptTimes', () => {
  test('know nothing before there is a receipt', () => {
    assert.deepEqual(new ReceiptTimes().percentiles(0), { p50: null, p99: null, receipts: 0 });
  });

  test('give times that receipts did take, in whatever order they came', () => {
    const times = new ReceiptTimes();
    for (let n = 100; n >= 1; n -= 1) times.add(n, 1_000);
    assert.deepEqual(times.percentiles(1_000), { p50: 50, p99: 99, receipts: 100 });
    times.add(7, 1_000);
    const one = new ReceiptTimes();
    one.add(7, 1_000);
    assert.deepEqual(one.percentiles(1_000), { p50: 7, p99: 7, receipts: 1 });
  });

  test('forget what is older than a minute, and all but the last 1,024', () => {
    const times = new ReceiptTimes();
    times.add(900, 0);
    times.add(1, 30_000);
    assert.equal(times.percentiles(60_000).receipts, 2);
    assert.deepEqual(times.percentiles(60_001), { p50: 1, p99: 1, receipts: 1 });
    for (let n = 0; n < 1_024; n += 1) times.add(2, 70_000);
    assert.deepEqual(times.percentiles(70_000), { p50: 2, p99: 2, receipts: 1_024 });
  });
});
