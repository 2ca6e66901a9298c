import { type Command, Option } from 'commander';
import { DaybookError } from '../../shared/errors.ts';
import type { Condition } from '../../shared/messages/condition.ts';
import type { EventFilter } from '../../shared/messages/filter.ts';
import { parseCondition } from '../condition-text.ts';
import { UsageError } from './exit.ts';
import { parseTime } from './parse-time.ts';

export interface FilterOptions {
  hours?: string;
  since?: string;
  until?: string;
  type?: string[];
  source?: string[];
  action?: string[];
  where?: string[];
  processed?: true;
  unprocessed?: true;
}

/** The same filters for every command that reads events. */
export function addFilterOptions(command: Command): Command {
  const collect = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];
  return command
    .option('--hours <n>', 'events of the last N hours')
    .option('--since <time>', "from this time on: '2h ago', 'yesterday 15:00', ISO 8601, epoch seconds")
    .option('--until <time>', 'before this time')
    .option('--type <type>', 'events of this type (may be repeated)', collect)
    .option('--source <source>', 'events from this source (may be repeated)', collect)
    .option('--action <action>', 'events with this action (may be repeated)', collect)
    .option(
      '--where <condition>',
      "'data.path ~ /Projects/', with = != < <= > >= ~ (contains) or exists (may be repeated: all must hold)",
      collect,
    )
    .addOption(new Option('--processed', 'events that are marked as processed').conflicts('unprocessed'))
    .option('--unprocessed', 'events that are not');
}

/** @throws UsageError */
export async function filterFrom(options: FilterOptions): Promise<EventFilter> {
  if (options.hours !== undefined && options.since !== undefined) {
    throw new UsageError('--hours and --since both say where to begin; give one of them');
  }
  const now = new Date();
  const since =
    options.hours === undefined
      ? options.since && (await parseTime(options.since, now))
      : now.getTime() / 1000 - positiveNumber('--hours', options.hours) * 3_600;
  const until = options.until && (await parseTime(options.until, now));
  if (typeof since === 'number' && typeof until === 'number' && since >= until) {
    throw new UsageError('nothing lies between these times: --since must be before --until');
  }
  for (const name of ['type', 'source'] as const) {
    if (options[name]?.includes('') === true) throw new UsageError(`--${name} must not be empty: every event has one`);
  }
  return {
    ...(typeof since === 'number' && { since }),
    ...(typeof until === 'number' && { until }),
    ...(options.type && { types: options.type }),
    ...(options.source && { sources: options.source }),
    ...(options.action && { actions: options.action }),
    ...(options.where && { where: options.where.map(conditionFrom) }),
    ...(options.processed && { processed: true }),
    ...(options.unprocessed && { processed: false }),
  };
}

function conditionFrom(text: string): Condition {
  try {
    return parseCondition(text);
  } catch (error) {
    throw error instanceof DaybookError ? new UsageError(error.message) : error;
  }
}

/** @throws UsageError */
export function positiveNumber(flag: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0) {
    throw new UsageError(`${flag} must be a number above 0, not ${JSON.stringify(text)}`);
  }
  return value;
}

/** A count of rows, or `all`. @throws UsageError */
export function rowLimit(text: string): number {
  if (text === 'all') return Number.POSITIVE_INFINITY;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new UsageError(`--limit must be a whole number above 0, or 'all', not ${JSON.stringify(text)}`);
  }
  return value;
}
