import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openLog } from '../../../daemon/lifecycle/log.ts';
import { limits } from '../../../shared/limits.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';

const line = 'x'.repeat(100_000);

/** Writes entries of 100 kB, each with its number. */
function write(log: ReturnType<typeof openLog>, from: number, count: number): void {
  for (let n = from; n < from + count; n += 1) log.logger.info({ n, line }, `entry ${n}`);
}

const numbersIn = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((text) => (JSON.parse(text) as { n: number }).n);

describe('the log', () => {
  test('is one JSON line an entry, for its user alone', () => {
    using home = temporaryHome();
    const path = join(home.path, 'daybook.log');
    const log = openLog(path, 'info');
    log.logger.info({ client: 'test' }, 'hello');
    log.logger.debug('not this');
    log.close();
    const entry = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    assert.deepEqual([entry['msg'], entry['client'], entry['pid']], ['hello', 'test', process.pid]);
    assert.ok(Math.abs(Date.parse(String(entry['time'])) - Date.now()) < 60_000);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  test('goes on where an earlier daemon stopped', () => {
    using home = temporaryHome();
    const path = join(home.path, 'daybook.log');
    for (const n of [0, 1]) {
      const log = openLog(path, 'info');
      write(log, n, 1);
      log.close();
    }
    assert.deepEqual(numbersIn(path), [0, 1]);
  });

  test('is rotated by size and keeps the newest files, with every line in one of them', () => {
    using home = temporaryHome();
    const path = join(home.path, 'daybook.log');
    const perFile = Math.ceil(limits.logFileBytes / 100_000);
    const log = openLog(path, 'info');
    const count = perFile * (limits.logFilesKept + 3) + 5;
    write(log, 0, count);
    log.close();
    const files = readdirSync(home.path).toSorted();
    assert.deepEqual(files, [
      'daybook.log',
      ...Array.from({ length: limits.logFilesKept }, (_, index) => `daybook.log.${index + 1}`),
    ]);
    const numbers = files.toReversed().flatMap((file) => numbersIn(join(home.path, file)));
    const newest = numbersIn(path);
    assert.deepEqual(
      [...numbers.slice(0, -newest.length), ...newest],
      Array.from({ length: numbers.length }, (_, index) => count - numbers.length + index),
    );
    assert.ok(numbers.length >= perFile * (limits.logFilesKept - 1));
    for (const file of files) {
      assert.ok(statSync(join(home.path, file)).size <= limits.logFileBytes + 200_000, file);
      assert.equal(statSync(join(home.path, file)).mode & 0o777, 0o600);
    }
  });

  test('counts what an earlier daemon wrote towards the size', () => {
    using home = temporaryHome();
    const path = join(home.path, 'daybook.log');
    writeFileSync(path, `{"n":-1,"old":"${'x'.repeat(limits.logFileBytes - 1_000)}"}\n`);
    const log = openLog(path, 'info');
    write(log, 0, 1);
    assert.ok(existsSync(`${path}.1`));
    log.close();
  });

  test('opens its file again by its name when it was moved', () => {
    using home = temporaryHome();
    const path = join(home.path, 'daybook.log');
    const log = openLog(path, 'info');
    write(log, 0, 1);
    renameSync(path, `${path}.moved`);
    write(log, 1, 1);
    log.reopen();
    write(log, 2, 1);
    log.close();
    assert.deepEqual(numbersIn(`${path}.moved`), [0, 1]);
    assert.deepEqual(numbersIn(path), [2]);
  });

  test('counts the size of the file it has, not of one that was moved away', () => {
    using home = temporaryHome();
    const path = join(home.path, 'daybook.log');
    const log = openLog(path, 'info');
    const almost = Math.floor(limits.logFileBytes / 100_000) - 2;
    write(log, 0, almost);
    renameSync(path, `${path}.moved`);
    log.reopen();
    write(log, almost, 5);
    log.close();
    assert.deepEqual(readdirSync(home.path).toSorted(), ['daybook.log', 'daybook.log.moved']);
  });

  test('that cannot be rotated goes on, and never throws', () => {
    using home = temporaryHome();
    const path = join(home.path, 'daybook.log');
    const log = openLog(path, 'info');
    write(log, 0, 10);
    // Nowhere to rotate to, and nothing to open again.
    rmSync(home.path, { recursive: true });
    write(log, 10, 120);
    log.close();
    assert.equal(existsSync(path), false);
  });
});
