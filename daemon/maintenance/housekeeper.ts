import type { RetentionPlanReply, RetentionPlanRequest, RetentionRunReply } from '../../shared/messages/retention.ts';
import type { VacuumReply, VacuumRequest } from '../../shared/messages/vacuum.ts';
import type { Reader } from '../query/reader.ts';
import type { Writer } from '../writer/writer.ts';
import type { RetentionPolicy } from '../retention/retention-policy.ts';
import type { CleanupOutlook, CleanupReport } from './schedule.ts';

const BYTES_PER_MIB = 1024 * 1024;

/** Answers what clients ask about housekeeping: the writer does it, and a reader looks ahead. */
export class Housekeeper {
  readonly #writer: Pick<Writer, 'housekeep'>;
  readonly #reader: Pick<Reader, 'ask'>;

  constructor(writer: Pick<Writer, 'housekeep'>, reader: Pick<Reader, 'ask'>) {
    this.#writer = writer;
    this.#reader = reader;
  }

  /** What a run would remove. Waits for housekeeping that is under way. @throws DaybookError */
  async plan(request: RetentionPlanRequest): Promise<RetentionPlanReply> {
    const outlook = (await this.#writer.housekeep({ kind: 'cleanup-outlook' })) as CleanupOutlook;
    const { clockSeconds, nextSeconds } = outlook;
    const policy = tried(outlook.policy, request);
    const plan = await this.#reader.ask({ kind: 'retention-plan', policy, clockSeconds });
    return {
      ...plan,
      retention_days: policy.retentionDays,
      retention_size_mb: policy.retentionSizeBytes / BYTES_PER_MIB,
      retention_rules: policy.retentionRules,
      clock: clockSeconds,
      next_run: nextSeconds,
    };
  }

  /** @throws DaybookError */
  async run(): Promise<RetentionRunReply> {
    const report = (await this.#writer.housekeep({ kind: 'cleanup' })) as CleanupReport;
    const { events, bySize, freedBytes, durationMs } = report;
    return { events, by_size: bySize, freed_bytes: freedBytes, seconds: durationMs / 1000 };
  }

  /** @throws DaybookError disk_full when there is no room for it */
  async vacuum({ full }: VacuumRequest): Promise<VacuumReply> {
    return (await this.#writer.housekeep({ kind: 'vacuum', full })) as VacuumReply;
  }
}

function tried(policy: RetentionPolicy, request: RetentionPlanRequest): RetentionPolicy {
  const { retention_days: days, retention_size_mb: sizeMb, retention_rules: rules } = request;
  return {
    retentionDays: days ?? policy.retentionDays,
    retentionSizeBytes: sizeMb === undefined ? policy.retentionSizeBytes : sizeMb * BYTES_PER_MIB,
    retentionRules: rules ?? policy.retentionRules,
  };
}
