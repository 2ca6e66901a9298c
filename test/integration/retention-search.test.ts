import Sqlite from 'better-sqlite3';
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { DaemonProcess } from '../harness/daemon-process.ts';
import { preparedHome } from '../harness/prepared-home.ts';
import { TemporaryDatabase } from '../harness/temporary-database.ts';
import { waitFor } from '../harness/wait-for.ts';

const DAY = 86_400;
const EVENTS = 40_000;

test('the search index becomes smaller where rules keep some events in the middle, and finds those', async () => {
  using home = preparedHome();
  const nowSeconds = Math.floor(Date.now() / 1000);
  const old = nowSeconds - 100 * DAY;
  using temporary = new TemporaryDatabase();
  for (let first = 0; first < EVENTS; first += 5_000) {
    const events = Array.from({ length: 5_000 }, (_, index) => {
      const n = first + index;
      return {
        type: n % 10 === 0 ? 'kept' : 'gone',
        source: 's',
        timestamp: old + n,
        data: { text: `one${n} two${n * 7}` },
      };
    });
    temporary.append(events, old);
  }
  temporary.append([{ type: 'newest', source: 's', timestamp: nowSeconds }], nowSeconds);
  temporary.db.pragma('wal_checkpoint(TRUNCATE)');
  copyFileSync(temporary.path, home.paths.database);

  const retention_rules = [{ type: 'gone', days: 30 }];
  const config = { persistence: { retention_days: 3_650, retention_rules } };
  await using daemon = await DaemonProcess.start({
    home: home.path,
    config: { persistence: { retention_days: 3_650 } },
  });
  const path = `${daemon.paths.database}.search`;
  const isIndexed = () => {
    if (!existsSync(path)) return false;
    const index = new Sqlite(path, { readonly: true, timeout: 1_000 });
    try {
      return index.prepare('SELECT max(indexed_to) FROM part').pluck().get() === EVENTS + 1;
    } catch {
      return false;
    } finally {
      index.close();
    }
  };
  const bytes = () => statSync(path).size + statSync(`${path}-wal`).size;
  await waitFor('the index', isIndexed);
  await daemon.stop();
  const whole = statSync(path).size;

  await using second = await DaemonProcess.start({ home: home.path, config });
  const client = second.connect();
  const found = async (query: string) => (await client.searchPage({ query })).events.map(({ id }) => id);
  assert.equal((await client.runRetention()).events, EVENTS * 0.9);
  // While the index is made anew, what is not in it is read.
  assert.deepEqual([await found('one100'), await found('one101'), await found('two700')], [[101], [], [101]]);
  await waitFor('a smaller index', () => bytes() < whole / 2 && isIndexed());
  assert.deepEqual([await found('one100'), await found('one101'), await found('two700')], [[101], [], [101]]);
  assert.equal((await found('kept')).length, 100);
});
