/** What the indexer thread is started with. */
export interface IndexerSettings {
  databasePath: string;
  indexPath: string;
  databaseId: string;
  /** Highest id given when the daemon started. */
  lastId: number;
}

export type ToIndexer =
  /** There may be something to index. */
  | { kind: 'go' }
  /** The index is damaged. */
  | { kind: 'rebuild' }
  | { kind: 'close' };

export type FromIndexer =
  /** The index is one of this database, or empty. */
  | { kind: 'ready' }
  /** Everything is indexed. */
  | { kind: 'done' }
  | { kind: 'log'; level: 'info' | 'warn'; message: string; reason?: string };
