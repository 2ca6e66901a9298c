/** The part of README.md that the newest results make, between two markers. */
import { fileURLToPath } from 'node:url';
import type { Results } from './results.ts';
import { markdown } from './table.ts';

export const readmePath = fileURLToPath(new URL('../../README.md', import.meta.url));

const BEGIN = '<!-- made by npm run bench:readme from the newest file in test/bench/results -->';
const END = '<!-- end of what npm run bench:readme makes -->';

/** The README with that part made anew. @throws Error when the markers are not there */
export function withResults(readme: string, results: Results): string {
  const begin = readme.indexOf(BEGIN);
  const end = readme.indexOf(END);
  if (begin === -1 || end < begin) throw new Error('README.md has no place for results');
  return `${readme.slice(0, begin + BEGIN.length)}\n\n${markdown(results)}\n\n${readme.slice(end)}`;
}
