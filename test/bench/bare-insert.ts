/** The physical limit: the same events inserted in this process, without any index, in transactions of 2,000. */
import Sqlite from 'better-sqlite3';
import { join } from 'node:path';
import { temporaryHome } from '../harness/temporary-home.ts';
import { corpus } from './corpus.ts';

const [count = 0, seed = 0] = process.argv.slice(2).map(Number);
using home = temporaryHome();
const db = new Sqlite(join(home.path, 'bare.db'));
db.pragma('journal_mode = WAL');
db.pragma('synchronous = NORMAL');
db.exec('CREATE TABLE event (id INTEGER PRIMARY KEY, timestamp REAL, type TEXT, source TEXT, action TEXT, data TEXT)');
const insert = db.prepare('INSERT INTO event (timestamp, type, source, action, data) VALUES (?, ?, ?, ?, ?)');
const events = [...corpus(count, seed)];
const rows = events.map(({ timestamp, type, source, action, data }) => [
  timestamp,
  type,
  source,
  action,
  JSON.stringify(data),
]);

const started = performance.now();
for (let from = 0; from < rows.length; from += 2_000) {
  db.transaction(() => {
    for (const row of rows.slice(from, from + 2_000)) insert.run(row);
  }).immediate();
}
const seconds = (performance.now() - started) / 1000;
db.close();
process.stdout.write(`${JSON.stringify({ eventsPerSecond: count / seconds })}\n`);
