import type { Database } from 'better-sqlite3';
import { setTimeout as sleep } from 'node:timers/promises';
import { DAMAGED_NOTED, noteLook, noteUnderWay, readUnderWay } from '../../shared/last-look.ts';
import { EventVerification } from './verify-events.ts';
import type { WalkOrder, WalkResult } from './verify-messages.ts';

/**
 * Looks through all events in slices, and sleeps after each for as long as keeps it to its share of a core; the whole file
 * comes last, in one go. How far it is stands in a note beside the database, where the next process goes on.
 */
export async function walk(db: Database, { databasePath, share, rows }: WalkOrder): Promise<WalkResult> {
  const databaseId = String(db.prepare("SELECT value FROM meta WHERE key = 'database_id'").pluck().get());
  const verification = new EventVerification(db, { rows });
  const begun = readUnderWay(databasePath, databaseId);
  const underWay = begun ?? {
    database_id: databaseId,
    started: Date.now() / 1000,
    after_id: 0,
    checked: 0,
    damaged: [],
  };
  const wrong: string[] = [];
  for (;;) {
    const startedMs = performance.now();
    const page = verification.page(underWay.after_id);
    underWay.checked += page.checked;
    underWay.damaged = [...underWay.damaged, ...page.damaged.map(({ id }) => id)].slice(0, DAMAGED_NOTED);
    wrong.push(...(page.search?.wrong ?? []));
    if (page.afterId === null) {
      const { checked, damaged, started } = underWay;
      const structure = page.structure ?? 'ok';
      const look = { database_id: databaseId, at: Date.now() / 1000, checked, damaged };
      noteLook(databasePath, { ...look, sound: damaged.length === 0 && structure === 'ok' });
      return { started, checked, damaged, structure, wrong };
    }
    underWay.after_id = page.afterId;
    noteUnderWay(databasePath, underWay);
    const busyMs = performance.now() - startedMs;
    await sleep(busyMs * (1 / share - 1));
  }
}
