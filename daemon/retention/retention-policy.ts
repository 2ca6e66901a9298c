import type { RetentionRule } from '../../shared/retention-rule.ts';

/** What is to be kept, as it is set. */
export interface RetentionPolicy {
  /** Days that events are kept to which no rule applies. */
  retentionDays: number;
  /** Bytes that database and search index may have after a cleanup; 0 for no bound. */
  retentionSizeBytes: number;
  retentionRules: readonly RetentionRule[];
}

export const SECONDS_PER_DAY = 86_400;

/** The longest that any event is kept, days. */
export function longestDays({ retentionDays, retentionRules }: RetentionPolicy): number {
  return retentionRules.reduce((longest, { days }) => Math.max(longest, days), retentionDays);
}
