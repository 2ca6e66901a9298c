import { limits } from '../limits.ts';
import { fieldsOf, optionalNumber, optionalTexts } from './fields.ts';

/** Which events. All conditions given must hold; several values of one field mean any of them. */
export interface EventFilter {
  /** Earliest timestamp, seconds, inclusive. */
  since?: number;
  /** Latest timestamp, seconds, exclusive. */
  until?: number;
  types?: string[];
  sources?: string[];
  actions?: string[];
}

/** @throws DaybookError invalid_request */
export function parseFilter(value: unknown): EventFilter {
  if (value === undefined || value === null) return {};
  const fields = fieldsOf(value, ['since', 'until', 'types', 'sources', 'actions'], 'filter');
  const since = optionalNumber(fields, 'since');
  const until = optionalNumber(fields, 'until');
  const types = optionalTexts(fields, 'types', limits.filterValues);
  const sources = optionalTexts(fields, 'sources', limits.filterValues);
  const actions = optionalTexts(fields, 'actions', limits.filterValues);
  return {
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(types && { types }),
    ...(sources && { sources }),
    ...(actions && { actions }),
  };
}
