import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { encode } from '../../../shared/codec.ts';
import { encodeFrame } from '../../../shared/frame.ts';
import { DaemonProcess } from '../../harness/daemon-process.ts';
import { Entries, pack, rawText } from '../../harness/msgpack.ts';
import { RawClient } from '../../harness/raw-client.ts';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { waitFor } from '../../harness/wait-for.ts';

const marker = 'MARKER7f3a';

function allLogs(directory: string): string {
  return readdirSync(directory)
    .map((file) => readFileSync(join(directory, file), 'utf8'))
    .join('');
}

describe('the log of a daemon', () => {
  test('holds nothing of any event, whatever became of it', async () => {
    using home = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: home.path, config: { log_level: 'debug' } });
    const raw = await RawClient.greet(daemon.paths.socket);
    const event = { type: marker, source: marker, action: marker, timestamp: 1, data: { [marker]: [marker] } };
    const refused: unknown[] = [
      { ...event, [marker]: 1 },
      { ...event, type: marker.repeat(50) },
      { ...event, source: [marker] },
      { ...event, timestamp: marker },
      { ...event, data: marker },
      {
        ...event,
        data: new Entries([
          [marker, 1],
          [marker, 2],
        ]),
      },
      { ...event, data: { [marker]: Buffer.from(marker) } },
      { ...event, data: { text: rawText(Buffer.concat([Buffer.from(marker), Buffer.from([0xff])])) } },
      { ...event, data: { text: marker.repeat(200_000) } },
      marker,
    ];
    let id = 1;
    const send = async (kind: string, body: unknown) => {
      raw.sendBody(kind, (id += 1), pack(body));
      return (await raw.answer(id)).body as Record<string, unknown>;
    };
    assert.equal((await send('record', { events: [event] }))['stored'], 1);
    assert.equal((await send('record', { events: [event, event] }))['duplicate'], 2);
    assert.equal(((await send('record', { events: refused }))['rejected'] as unknown[]).length, refused.length);
    await send('record', { events: [], [marker]: marker });
    await send('query', { filter: { types: [marker], [marker]: marker } });
    await send('query', { filter: { types: [marker] }, cursor: marker });
    await send('store-pattern', { patternType: marker, confidence: 1, patternData: JSON.stringify(marker) });
    await send('tail', { filter: { types: [marker] } });

    // An error of the database names the value that it met.
    const other = new Sqlite(daemon.paths.database);
    other.exec("CREATE TRIGGER fail BEFORE INSERT ON event BEGIN SELECT raise(ABORT, 'provoked'); END");
    assert.equal((await send('record', { events: [{ ...event, timestamp: 2 }] }))['code'], 'storage_error');
    other.exec('DROP TRIGGER fail');
    // And a payload that cannot be read.
    other.prepare('UPDATE event SET data = ?').run(`{"${marker}`);
    other.close();
    await send('query', {});

    raw.sendBytes(encodeFrame(marker, 99, encode({ [marker]: marker })));
    raw.sendBytes(Buffer.from(`GET /${marker} HTTP/1.1\r\n\r\n`));
    await raw.closed();
    const { stdout, stderr } = await daemon.stop();
    const logs = allLogs(daemon.paths.logDirectory);
    for (const [name, text] of Object.entries({ logs, stdout, stderr })) {
      assert.equal(text.includes(marker), false, `${name}: ${text.split('\n').find((line) => line.includes(marker))}`);
    }
    for (const message of ['ready', 'commit failed', 'connection ended', 'stopped']) {
      assert.ok(logs.includes(`"msg":"${message}"`), message);
    }
  });

  test('is opened again by its name on SIGHUP', async () => {
    using home = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: home.path, config: { log_level: 'debug' } });
    const { log } = daemon.paths;
    await daemon.connect().status();
    renameSync(log, `${log}.moved`);
    daemon.process.kill('SIGHUP');
    await waitFor('a new file with what happens now', async () => {
      (await RawClient.greet(daemon.paths.socket)).destroy();
      const isThere = readdirSync(daemon.paths.logDirectory).includes('daybook.log');
      return isThere && readFileSync(log, 'utf8').includes('"msg":"connection ended"');
    });
    assert.match(readFileSync(`${log}.moved`, 'utf8'), /"msg":"ready"/);
  });

  test('that is gone costs no event', async () => {
    using home = temporaryHome();
    await using daemon = await DaemonProcess.start({ home: home.path, config: { log_level: 'debug' } });
    const client = daemon.connect({ reconnect: false });
    await client.status();
    rmSync(daemon.paths.logDirectory, { recursive: true });
    daemon.process.kill('SIGHUP');
    for (let n = 0; n < 3; n += 1) {
      assert.equal((await client.recordBatch([{ type: 'a', source: 'b', timestamp: n }])).stored, 1);
      (await RawClient.greet(daemon.paths.socket)).destroy();
    }
    assert.equal((await daemon.stop()).exitCode, 0);
  });
});
