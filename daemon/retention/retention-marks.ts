import type { Database, Statement } from 'better-sqlite3';
import type { RetentionPolicy } from './retention-policy.ts';

/** How far retention has come with the events that are kept for the same number of days. */
export interface RetentionMark {
  /** What arrived up to this id was looked at: of it, only events with later timestamps are left. */
  afterId: number;
  /** Nothing is left whose timestamp and arrival are both before this, seconds; undefined when no run has ended yet. */
  cutoffSeconds: number | undefined;
}

/**
 * Where retention goes on, so that a run does not look at what stays for years again. Another rule can concern events that
 * were passed over, so it starts from the oldest event again.
 */
export class RetentionMarks {
  readonly #db: Database;
  readonly #get: Statement<[number], { afterId: number; cutoff: number | null }>;
  readonly #pass: Statement<[number, number]>;
  readonly #reach: Statement<[number, number]>;

  constructor(db: Database) {
    this.#db = db;
    this.#get = db.prepare('SELECT after_id AS afterId, cutoff FROM retention_mark WHERE days = ?');
    this.#pass = db.prepare(
      `INSERT INTO retention_mark (days, after_id) VALUES (?, ?)
       ON CONFLICT DO UPDATE SET after_id = max(after_id, excluded.after_id)`,
    );
    this.#reach = db.prepare('UPDATE retention_mark SET cutoff = max(coalesce(cutoff, 0), ?) WHERE days = ?');
  }

  /** Makes the marks those of a policy. Call outside a transaction. */
  adopt({ retentionDays, retentionRules }: RetentionPolicy): void {
    const rules = JSON.stringify([retentionDays, retentionRules]);
    const marked = this.#db.prepare<[], string>("SELECT value FROM meta WHERE key = 'retention_rules'").pluck().get();
    if (marked === rules) return;
    this.#db.transaction(() => {
      this.#db.exec('DELETE FROM retention_mark');
      this.#db
        .prepare(
          `INSERT INTO meta (key, value) VALUES ('retention_rules', ?) ON CONFLICT DO UPDATE SET value = excluded.value`,
        )
        .run(rules);
    })();
  }

  of(days: number): RetentionMark {
    const { afterId = 0, cutoff } = this.#get.get(days) ?? {};
    return { afterId, cutoffSeconds: cutoff ?? undefined };
  }

  /** Call inside a transaction. */
  pass(days: number, afterId: number): void {
    this.#pass.run(days, afterId);
  }

  /** Call when nothing older is left. */
  reach(days: number, cutoffSeconds: number): void {
    this.#reach.run(cutoffSeconds, days);
  }
}
