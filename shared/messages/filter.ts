import { limits } from '../limits.ts';
import { type Condition, parseConditions } from './condition.ts';
import { fieldsOf, optionalFlag, optionalNumber, optionalTexts } from './fields.ts';

/** Which events. All conditions given must hold; several values of one field mean any of them. */
export interface EventFilter {
  /** Earliest timestamp, seconds, inclusive. */
  since?: number;
  /** Latest timestamp, seconds, exclusive. */
  until?: number;
  types?: string[];
  sources?: string[];
  actions?: string[];
  /** What values of the event must be. */
  where?: Condition[];
  /** Whether a consumer has marked it as processed. */
  processed?: boolean;
}

/** @throws DaybookError invalid_request */
export function parseFilter(value: unknown): EventFilter {
  if (value === undefined || value === null) return {};
  const known = ['since', 'until', 'types', 'sources', 'actions', 'where', 'processed'];
  const fields = fieldsOf(value, known, 'filter');
  const since = optionalNumber(fields, 'since');
  const until = optionalNumber(fields, 'until');
  const types = optionalTexts(fields, 'types', limits.filterValues);
  const sources = optionalTexts(fields, 'sources', limits.filterValues);
  const actions = optionalTexts(fields, 'actions', limits.filterValues);
  const where = parseConditions(fields['where']);
  const processed = optionalFlag(fields, 'processed');
  return {
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(types && { types }),
    ...(sources && { sources }),
    ...(actions && { actions }),
    ...(where && { where }),
    ...(processed !== undefined && { processed }),
  };
}
