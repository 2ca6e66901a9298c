import Sqlite from 'better-sqlite3';
import { randomUUID } from 'node:crypto';
import { migrations } from '../../daemon/storage/migrate.ts';
import { applicationId } from '../../shared/database-format.ts';
import { identityOf } from '../harness/event-identity.ts';
import type { Ledger } from '../harness/ledger.ts';

/** A database of the first schema with this many events, which the ledger then knows. */
export function writeOldDatabase(path: string, events: number, ledger: Ledger): void {
  const db = new Sqlite(path);
  try {
    db.pragma('auto_vacuum = INCREMENTAL');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = OFF');
    db.transaction(() => {
      db.exec(migrations()[0]?.sql ?? '');
      db.pragma(`application_id = ${applicationId}`);
      db.pragma('user_version = 1');
      const setMeta = db.prepare('INSERT INTO meta (key, value) VALUES (?, ?)');
      setMeta.run('database_id', randomUUID());
      setMeta.run('last_id', events);
      setMeta.run('flushes', 0);
      const insert = db.prepare(
        `INSERT INTO event (id, timestamp, hash, type_id, source_id, action_id, arrived, data)
         VALUES (?, ?, ?, ?, 1, NULL, ?, ?)`,
      );
      const arrived = Math.floor(Date.now() / 1000);
      for (let id = 1; id <= events; id += 1) {
        const event = { type: `t${id % 4}`, source: 'old', timestamp: id, data: { n: id } };
        ledger.sent([event]);
        ledger.acked([event]);
        insert.run(id, id, Buffer.from(identityOf(event), 'hex'), (id % 4) + 1, arrived, JSON.stringify(event.data));
      }
      db.exec(`
        INSERT INTO rollup (hour, type_id, source_id, action_id, recorded, data_bytes)
          SELECT CAST(timestamp / 3600 AS INTEGER), type_id, source_id, 0, count(*), sum(octet_length(data))
          FROM event GROUP BY 1, 2, 3;
        INSERT INTO name (kind, id, text, events)
          SELECT 'type', type_id, 't' || (type_id - 1), count(*) FROM event GROUP BY type_id;
        INSERT INTO name (kind, id, text, events) SELECT 'source', 1, 'old', count(*) FROM event;`);
    }).immediate();
  } finally {
    db.close();
  }
}
