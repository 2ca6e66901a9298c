/** What the indexing process is started with. */
export interface IndexerSettings {
  /** Whose process it is: it ends with it. */
  daemonPid: number;
  databasePath: string;
  indexPath: string;
  databaseId: string;
  /** Highest id given when the daemon started. */
  lastId: number;
}

export type ToIndexer =
  /** There may be something to index: a burst of it. */
  | { kind: 'go' }
  /** The index is damaged. */
  | { kind: 'rebuild' }
  /** Take these parts out and leave no trace of them, or begin anew. Answered with `forgotten`. */
  | { kind: 'forget'; parts: readonly number[] | 'all' }
  | { kind: 'close' };

export type FromIndexer =
  /** The index is one of this database, or empty. */
  | { kind: 'ready' }
  /** The burst is over. `behind` events are not indexed of those up to `lastId`. */
  | { kind: 'done'; behind: number; lastId: number }
  /** `isClear`: false when a reader was in the way. */
  | { kind: 'forgotten'; isClear: boolean }
  | { kind: 'log'; level: 'info' | 'warn'; message: string; reason?: string }
  /** The last that comes. */
  | { kind: 'failed'; reason: string };
