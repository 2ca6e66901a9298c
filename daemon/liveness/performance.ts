import { readFileSync } from 'node:fs';
import type { DaemonPerformance } from '../../shared/messages/status.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { type FileSizes, fileSizes } from '../storage/file-sizes.ts';
import type { Upkeep } from '../writer/writer-messages.ts';

export interface PerformanceParts {
  ingest: Ingest;
  /** Undefined when the daemon stores nothing. */
  databasePath: string | undefined;
  upkeep: Upkeep;
}

const KIB = 1024;
const US_PER_SECOND = 1e6;

/** What the daemon has measured of itself; looked up when asked for. */
export function measurePerformance({ ingest, databasePath, upkeep }: PerformanceParts): DaemonPerformance {
  const nowMs = performance.now();
  const { p50, p99, receipts } = ingest.receiptTimes.percentiles(nowMs);
  const commits = ingest.commits.perSecond(nowMs);
  const eventsPerSecond = ingest.rate.perSecond(nowMs);
  const sizes: Partial<FileSizes> = databasePath === undefined ? {} : fileSizes(databasePath);
  const { user, system } = process.cpuUsage();
  return {
    events_per_second: eventsPerSecond,
    receipt_p50_ms: p50,
    receipt_p99_ms: p99,
    receipts,
    batch_events: commits === 0 || databasePath === undefined ? null : eventsPerSecond / commits,
    queue_events: ingest.eventsUnderWay,
    wal_bytes: sizes.wal ?? null,
    database_bytes: sizes.database ?? null,
    index_bytes: sizes.index ?? null,
    cpu_seconds: (user + system) / US_PER_SECOND,
    private_memory_bytes: privateMemoryBytes(),
    ...upkeep,
  };
}

/** Anonymous resident memory, which no other process shares: RssAnon of proc_pid_status(5). Null where there is none. */
function privateMemoryBytes(): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const kib = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return kib === undefined ? null : Number(kib) * KIB;
  } catch {
    return null;
  }
}
