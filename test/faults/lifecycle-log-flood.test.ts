import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { limits } from '../../shared/limits.ts';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { preparedHome } from '../harness/prepared-home.ts';
import { temporaryHome } from '../harness/temporary-home.ts';
import { waited } from '../harness/waited.ts';

interface Line {
  level: number;
  msg: string;
  message?: string;
  times?: number;
}

const linesOf = (path: string): Line[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);

describe('the same error over and over', () => {
  test('row 58: is written some times a minute and then counted, and nobody is served the less', async () => {
    using home = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: home.path });
    const other = new Sqlite(daemon.paths.database);
    other.exec(`CREATE TRIGGER refuse BEFORE INSERT ON event WHEN new.timestamp < 100
      BEGIN SELECT raise(ABORT, 'provoked by a test'); END`);
    other.close();
    const client = daemon.connect();
    await client.recordBatch([{ type: 't', source: 's', timestamp: 100 }]);
    const errors = 500;
    let slowestMs = 0;
    for (let n = 0; n < errors; n += 1) {
      await assert.rejects(client.recordBatch([{ type: 't', source: 's', timestamp: 1 }]), { code: 'storage_error' });
      if (n % 50 !== 0) continue;
      const tookMs = await waited(async () => {
        assert.equal((await client.recordBatch([{ type: 't', source: 's', timestamp: 101 + n }])).stored, 1);
      });
      slowestMs = Math.max(slowestMs, tookMs);
    }
    assert.ok(slowestMs < 2_000, `a receipt took ${slowestMs} ms`);
    assert.equal((await daemon.stop()).exitCode, 0);

    const lines = linesOf(daemon.paths.log);
    const written = lines.filter(({ msg }) => msg === 'commit failed').length;
    const held = lines.flatMap(({ message, times }) => (message === 'commit failed' ? [times ?? 0] : []));
    // A minute may end on the way.
    assert.ok(written > 0 && written <= limits.sameLogMessagesPerMinute * 2, `${written} lines`);
    assert.equal(written + held.reduce((sum, times) => sum + times, 0), errors, 'the rest is counted');
    assert.ok(statSync(daemon.paths.log).size < 100_000);
  });
});

describe('a log that is full', () => {
  test('row 58: makes room for the next, and the oldest goes', async () => {
    using home = preparedHome();
    const { log, logDirectory } = home.paths;
    const content = (name: string) => `${JSON.stringify({ level: 30, msg: name.padEnd(limits.logFileBytes - 50) })}\n`;
    const numbered = Array.from({ length: limits.logFilesKept }, (_, n) => `daybook.log.${n + 1}`);
    const names = ['daybook.log', ...numbered];
    for (const name of names) writeFileSync(join(logDirectory, name), content(name), { mode: 0o600 });
    await using daemon = await DaemonProcess.start({ home: home.path });
    assert.equal((await daemon.stop()).exitCode, 0);
    assert.deepEqual(readdirSync(logDirectory).toSorted(), names);
    for (const [n, name] of numbered.entries()) {
      // The newest one has got the line with which it was over its size.
      const begin = content(names[n] ?? '');
      assert.equal(readFileSync(join(logDirectory, name), 'utf8').slice(0, begin.length), begin);
    }
    for (const name of names) {
      const { size, mode } = statSync(join(logDirectory, name));
      assert.ok(size < limits.logFileBytes + 10_000, `${name} has ${size} bytes`);
      assert.equal(mode & 0o777, 0o600, name);
    }
    assert.equal(linesOf(log).at(-1)?.msg, 'stopped', 'nothing of the end is lost');
  });
});
