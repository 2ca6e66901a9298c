import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { StartProgress } from '../../../daemon/lifecycle/start-progress.ts';
import { readStartNotice, removeStartNotice } from '../../../shared/start-notice.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

test('a long start says what it is at until it has ended, a short one leaves nothing', async () => {
  using home = temporaryHome();
  new StartProgress(home.path).end();
  assert.deepEqual(readdirSync(home.path), []);

  const progress = new StartProgress(home.path, 5);
  progress.note('reading', 0.5);
  const notice = await waitFor('the notice', () => readStartNotice(home.path));
  assert.deepEqual([notice.pid, notice.doing, notice.share], [process.pid, 'reading', 0.5]);
  // It goes on saying so: a notice that was written once would be believed for ever.
  removeStartNotice(home.path);
  progress.note('writing', null);
  await waitFor('the next notice', () => readStartNotice(home.path)?.doing === 'writing');
  progress.end();
  assert.deepEqual(readdirSync(home.path), []);
});

test('a notice is believed while it is fresh, whole, and its process is there', () => {
  using home = temporaryHome();
  const path = join(home.path, 'daybook.starting');
  const now = Date.now() / 1000;
  const notice = { pid: process.pid, started: now - 100, at: now, doing: 'reading', share: null };
  const read = (changed: object) => {
    writeFileSync(path, JSON.stringify({ ...notice, ...changed }));
    return readStartNotice(home.path);
  };
  assert.deepEqual(read({}), notice);
  assert.equal(read({ at: now - 30 }), undefined);
  assert.equal(read({ at: now + 3_600 }), undefined, 'the clock was set back');
  assert.equal(read({ pid: 2 ** 22 + 1 }), undefined);
  assert.equal(read({ doing: 7 }), undefined);
  writeFileSync(path, '{"pid": 1, ');
  assert.equal(readStartNotice(home.path), undefined);
});
