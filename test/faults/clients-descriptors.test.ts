import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { openFiles } from '../harness/open-files.ts';
import { skipWithout } from '../harness/program.ts';
import { RawClient } from '../harness/raw-client.ts';
import { waitFor } from '../harness/wait-for.ts';

const event = (n: number) => ({ type: 'a', source: 'b', timestamp: n });
/** Both bounds: Node raises the soft one to the hard one. */
const under = (files: number) => ['prlimit', `--nofile=${files}:${files}`];

for (const files of [64, 128]) {
  test(`row 40: all of ${files} file descriptors asked for: the database goes on, and so does accepting`, {
    skip: skipWithout('prlimit'),
  }, async () => {
    await using daemon = await DaemonProcess.start({ under: under(files), config: { log_level: 'debug' } });
    const { socket, log } = daemon.paths;
    const bystander = daemon.connect({ reconnect: false });
    const most = (await bystander.ready()).limits.connections;
    assert.ok(most > 1 && most < files, `it tells clients: ${most}`);
    assert.equal((await bystander.recordBatch([event(0)])).stored, 1);

    for (let round = 0; round < 3; round += 1) {
      const raws = await Promise.all(Array.from({ length: files * 2 }, () => RawClient.open(socket)));
      await waitFor('all who are too many to be gone', () => raws.filter(({ isClosed }) => !isClosed).length < most);
      const refused = raws.filter(({ isClosed }) => isClosed);
      const told = refused.filter(({ frames }) => frames.length > 0);
      assert.ok(told.length > 0, 'some are told why');
      for (const { frames } of told) assert.equal((frames[0]?.body as { code: string }).code, 'too_many_connections');

      // While no more can be accepted: files of the database are opened and closed, the reader thread among them.
      assert.equal((await bystander.recordBatch([event(round + 1)], { durability: 'flushed' })).stored, 1);
      assert.equal((await bystander.page({})).events.length, round + 2);
      assert.equal((await bystander.stats()).database_stats.total_events, round + 2);
      assert.ok(openFiles(daemon.process.pid ?? 0) < files, 'some are kept in reserve');
      daemon.process.kill('SIGHUP');

      for (const raw of raws) raw.destroy();
      await waitFor('all to be gone', async () => (await bystander.status()).connections === 1);
      const late = await RawClient.greet(socket);
      late.send('record', 2, { events: [event(0)] });
      assert.equal(((await late.answer(2)).body as { duplicate: number }).duplicate, 1);
      late.destroy();
    }
    assert.doesNotMatch(readFileSync(log, 'utf8'), /EMFILE|SQLITE_CANTOPEN/);
    assert.equal((await daemon.stop()).exitCode, 0);
  });
}
