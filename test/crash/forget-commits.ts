/** Loaded before a daemon's own code: it takes back some of the transactions that it reports as committed. */
import Sqlite, { type Statement } from 'better-sqlite3';

const EVERY = 5;
let commits = 0;

type Prepare = (this: Sqlite.Database, sql: string) => Statement<[]>;
const prepare = Reflect.get(Sqlite.prototype, 'prepare') as Prepare;

Reflect.set(Sqlite.prototype, 'prepare', function (this: Sqlite.Database, sql: string): Statement<[]> {
  const statement = prepare.call(this, sql);
  if (sql !== 'COMMIT') return statement;
  const commit = prepare.call(this, 'END');
  const rollback = prepare.call(this, 'ROLLBACK');
  const run = () => {
    commits += 1;
    return commits % EVERY === 0 ? rollback.run() : commit.run();
  };
  return Object.assign(statement, { run });
});
