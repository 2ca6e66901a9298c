import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openLog } from '../../../daemon/lifecycle/log.ts';
import { RepeatedMessages } from '../../../daemon/lifecycle/repeated-messages.ts';
import { limits } from '../../../shared/limits.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

const MINUTE_MS = 60_000;

describe('RepeatedMessages', () => {
  test('admits some a minute of each message, and says how many it held back', () => {
    const messages = new RepeatedMessages(3);
    const admitted = Array.from({ length: 10 }, () => messages.admit('full', 0));
    assert.equal(admitted.filter(Boolean).length, 3);
    assert.equal(messages.admit('other', 0), true);
    assert.deepEqual(messages.held(MINUTE_MS - 1), []);
    assert.deepEqual(messages.held(MINUTE_MS), [{ message: 'full', times: 7 }]);
    assert.deepEqual(messages.held(MINUTE_MS), []);
    assert.equal(messages.admit('full', MINUTE_MS), true);
  });

  test('the log writes a message that comes a hundred thousand times a few times, with their number', () => {
    using home = temporaryHome();
    const path = join(home.path, 'daybook.log');
    const log = openLog(path, 'info');
    for (let n = 0; n < 100_000; n += 1) log.logger.error({ n }, 'commit failed');
    log.logger.info('something else');
    log.close();
    const lines = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { msg: string; message?: string; times?: number });
    assert.equal(lines.filter(({ msg }) => msg === 'commit failed').length, limits.sameLogMessagesPerMinute);
    assert.equal(lines.filter(({ msg }) => msg === 'something else').length, 1);
    const held = lines.filter(({ message }) => message === 'commit failed');
    assert.deepEqual(
      held.map(({ times }) => times),
      [100_000 - limits.sameLogMessagesPerMinute],
    );
  });
});
