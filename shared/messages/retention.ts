import { type RetentionRule, retentionRulesProblem } from '../retention-rule.ts';
import { settings } from '../settings.ts';
import { anyFieldsOf, type Fields, fieldsOf, finiteNumber, invalid, isAbsent, wholeNumber } from './fields.ts';
import type { MessageKind } from './message-kind.ts';

/** Which settings to try out; absent ones are those in force. */
export interface RetentionPlanRequest {
  retention_days?: number;
  retention_size_mb?: number;
  retention_rules?: readonly RetentionRule[];
}

/** What a cleanup would remove of one type. */
export interface PlannedType {
  type: string;
  /** Events that would go, and those that would stay. */
  events: number;
  kept: number;
  /** Payloads of those that would go, as they are kept. */
  data_bytes: number;
  /** Timestamp of the oldest that would stay, seconds; null when none would. */
  oldest: number | null;
}

export interface RetentionPlan {
  /** Events that would go, and how many of them because of the bound on the size. */
  events: number;
  by_size: number;
  /** What they take on the disk with their indexes and words: their payloads, and the mean of the rest. */
  bytes: number;
  data_bytes: number;
  /** By how many events would go, most first; types without events are left out. */
  by_type: PlannedType[];
}

export interface RetentionPlanReply extends RetentionPlan {
  retention_days: number;
  retention_size_mb: number;
  retention_rules: readonly RetentionRule[];
  /** What a cleanup takes for the present, seconds: behind the clock after a leap or a long time off. */
  clock: number;
  /** When the next one comes by itself, seconds; null while one is running. */
  next_run: number | null;
}

/** What a cleanup would remove now. Nothing is removed. */
export const retentionPlan: MessageKind<RetentionPlanRequest, RetentionPlanReply> = {
  kind: 'retention-plan',

  parseRequest(body) {
    const fields = fieldsOf(body, ['retention_days', 'retention_size_mb', 'retention_rules']);
    const rules = fields['retention_rules'];
    const problem = isAbsent(rules) ? undefined : retentionRulesProblem(rules);
    if (problem !== undefined) throw invalid(`retention_rules ${problem}`);
    return {
      ...setting(fields, 'retention_days'),
      ...setting(fields, 'retention_size_mb'),
      ...(!isAbsent(rules) && { retention_rules: rules as RetentionRule[] }),
    };
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    for (const name of ['events', 'by_size', 'data_bytes']) wholeNumber(fields, name, 0, Number.MAX_SAFE_INTEGER);
    finiteNumber(fields, 'clock');
    if (!Array.isArray(fields['by_type'])) throw invalid('by_type must be a list');
    return fields as unknown as RetentionPlanReply;
  },
};

export interface RetentionRunReply {
  /** Events that went, and how many of them because of the bound on the size. */
  events: number;
  by_size: number;
  /** Given back to the file system. */
  freed_bytes: number;
  seconds: number;
}

/** Does a cleanup now, with the settings in force. */
export const retentionRun: MessageKind<Record<string, never>, RetentionRunReply> = {
  kind: 'retention-run',

  parseRequest(body) {
    fieldsOf(body, []);
    return {};
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    for (const name of ['events', 'by_size', 'freed_bytes']) wholeNumber(fields, name, 0, Number.MAX_SAFE_INTEGER);
    finiteNumber(fields, 'seconds');
    return fields as unknown as RetentionRunReply;
  },
};

function setting(fields: Fields, name: 'retention_days' | 'retention_size_mb'): { [name: string]: number } {
  const value = fields[name];
  if (isAbsent(value)) return {};
  const problem = settings[`persistence.${name}`].problem(value);
  if (problem !== undefined) throw invalid(`${name} ${problem}`);
  return { [name]: value as number };
}
