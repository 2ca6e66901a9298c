import { limits } from '../limits.ts';
import { type Fields, isAbsent, optionalText, wholeNumber } from './fields.ts';

/** Rows of a page that says nothing of their number. */
const DEFAULT_ROWS = 100;

/** The fields of a request that say which page of a list it wants: rows, 1..limits.pageRows, and where an earlier one stopped. */
export function parsePaging(fields: Fields): { limit: number; cursor?: string } {
  const cursor = optionalText(fields, 'cursor');
  return {
    limit: isAbsent(fields['limit']) ? DEFAULT_ROWS : wholeNumber(fields, 'limit', 1, limits.pageRows),
    ...(cursor !== undefined && { cursor }),
  };
}
