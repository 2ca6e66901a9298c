/** What became of the events given to `record()` so far. */
export interface RecordCounters {
  recorded: number;
  stored: number;
  duplicate: number;
  /** Refused by the daemon, those of ended processes among them. */
  rejected: number;
  /** Not taken by `record()` for want of room, or dropped from the spool for newer ones. */
  dropped: number;
  /** Waiting for their receipt. */
  pending: number;
  /** How many of the pending ones are in the spool. */
  spooled: number;
  /** Events of ended processes with the same client name that were delivered from the spool. */
  recovered: number;
  /** Events in the spool that could not be read. */
  damaged: number;
  /** How many times the spool could not be used. */
  spoolProblems: number;
}

/** What became of the events of ended processes. */
export interface Recovery {
  stored: number;
  duplicate: number;
  rejected: number;
  /** Could not be read. */
  damaged: number;
}
