import { databasePath } from '../sql/database-path.ts';
import { sqlFailure } from '../sql/sql-failure.ts';
import { columns, counted, localTime, print, printJson, wholeNumber } from '../output.ts';

/** What was forgotten at one time: how much, and never what. Seconds. */
interface Forgetting {
  id: number;
  began: number;
  /** Null until its traces are cleared. */
  ended: number | null;
  events: number;
  patterns: number;
  names: number;
}

/** Lists what was forgotten. Reads the database itself, whether the daemon runs or not. @throws DaybookError */
export async function listForgettings(json: boolean): Promise<void> {
  const { forgettings, refused } = await readForgettings();
  if (json) {
    for (const forgetting of forgettings) await printJson(forgetting);
    return;
  }
  if (forgettings.length === 0) {
    await print('nothing was forgotten\n');
    return;
  }
  const rows = forgettings.map(({ id, began, ended, events, patterns, names }) => [
    String(id),
    localTime(began).slice(0, 19),
    wholeNumber(events),
    wholeNumber(patterns),
    wholeNumber(names),
    ended === null ? 'not yet' : 'cleared',
  ]);
  await print(columns(['id', 'when', 'events', 'patterns', 'names', 'traces'], rows, 'id events patterns names'));
  await print(`copies of ${counted(refused, 'event')} are refused; of which, nobody can tell from here\n`);
}

async function readForgettings(): Promise<{ forgettings: Forgetting[]; refused: number }> {
  const path = databasePath(process.env);
  // Loaded only here: early versions of Node 24 warn about node:sqlite.
  const { openDatabase } = await import('../sql/open-database.ts');
  const { db, checkUnchanged } = openDatabase(path);
  try {
    const found = db.prepare('SELECT id, began, ended, events, patterns, names FROM forgetting ORDER BY id').all();
    const refused = Number(db.prepare('SELECT count(*) AS refused FROM tombstone').get()?.['refused'] ?? 0);
    checkUnchanged();
    return { forgettings: found as unknown as Forgetting[], refused };
  } catch (error) {
    // What looks like damage may be a change.
    checkUnchanged();
    throw sqlFailure(error, path);
  } finally {
    db.close();
  }
}
