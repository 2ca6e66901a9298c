/** The physical limit: the same events inserted in this process, without any index, in transactions of 2,000. */
import Sqlite from 'better-sqlite3';
import { join } from 'node:path';
import { temporaryHome } from '../../harness/temporary-home.ts';
import { corpus } from '../corpus.ts';
import { reportFigures, type Surroundings, trialInput } from '../trial-input.ts';

const TRANSACTION_EVENTS = 2_000;
const WARM_UP_EVENTS = 20_000;

const { events, seed } = trialInput() as Surroundings & { events: number; seed: number };
using home = temporaryHome();
const db = new Sqlite(join(home.path, 'bare.db'));
db.pragma('journal_mode = WAL');
db.pragma('synchronous = NORMAL');
db.exec('CREATE TABLE event (id INTEGER PRIMARY KEY, timestamp REAL, type TEXT, source TEXT, action TEXT, data TEXT)');
const insert = db.prepare('INSERT INTO event (timestamp, type, source, action, data) VALUES (?, ?, ?, ?, ?)');
const rows = Array.from(corpus(WARM_UP_EVENTS + events, seed), ({ timestamp, type, source, action, data }) => [
  timestamp,
  type,
  source,
  action,
  JSON.stringify(data),
]);

insertAll(rows.slice(0, WARM_UP_EVENTS));
const measured = rows.slice(WARM_UP_EVENTS);
const started = performance.now();
insertAll(measured);
const seconds = (performance.now() - started) / 1000;
db.close();
reportFigures({ eventsPerSecond: events / seconds });

function insertAll(all: typeof rows): void {
  for (let from = 0; from < all.length; from += TRANSACTION_EVENTS) {
    db.transaction(() => {
      for (const row of all.slice(from, from + TRANSACTION_EVENTS)) insert.run(row);
    }).immediate();
  }
}
