import { DaybookError } from '../../../shared/errors.ts';
import type { StatsReply } from '../../../shared/messages/stats.ts';
import type { StatusReply } from '../../../shared/messages/status.ts';
import { askHealth, type Health } from '../health.ts';
import { openClient } from '../open-client.ts';
import { askStatus } from '../service-life/ask-status.ts';

/** A daemon that has answered nothing for so long does not answer. */
const PATIENCE_MS = 3_000;
const SILENT = `it takes connections and has not answered for ${PATIENCE_MS / 1000} s`;

export interface DaemonAnswer {
  readonly status?: StatusReply;
  /** Absent from a daemon that keeps nothing, and where the database does not answer. */
  readonly stats?: StatsReply;
  /** Absent where there is no status. */
  readonly health?: Health;
  /** From connecting to the answer. */
  readonly tookMs: number;
  /** Why there is no status. */
  readonly problem?: DaybookError;
}

/** Hello, status, stats and a canary, each at most for three seconds. */
export async function askDaemon(): Promise<DaemonAnswer> {
  const startMs = performance.now();
  const elapsed = () => performance.now() - startMs;
  // Gives up on one that hangs, and leaves nothing open that would keep this process.
  const first = await askStatus(PATIENCE_MS).catch(() => undefined);
  if (first !== undefined && 'without' in first && first.without === 'silent') {
    return { tookMs: elapsed(), problem: new DaybookError('timeout', SILENT) };
  }
  const opening = openClient();
  try {
    const client = await inTime(opening);
    const status = await inTime(client.status());
    const tookMs = elapsed();
    const stats = await inTime(client.stats()).catch(() => undefined);
    const health = await askHealth(client);
    await client.close();
    return { status, tookMs, health, ...(stats !== undefined && { stats }) };
  } catch (error) {
    // It may come later, to nobody.
    void opening.then(
      (client) => client.close({ timeoutMs: 0 }),
      () => undefined,
    );
    const problem = error instanceof DaybookError ? error : new DaybookError('internal', String(error));
    return { tookMs: elapsed(), problem };
  }
}

async function inTime<Result>(answer: Promise<Result>): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new DaybookError('timeout', SILENT)), PATIENCE_MS);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
