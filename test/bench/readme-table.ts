/** `npm run bench:readme`: writes the newest results that are kept into README.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { readmePath, withResults } from './readme-section.ts';
import { newestResults } from './results-file.ts';

writeFileSync(readmePath, withResults(readFileSync(readmePath, 'utf8'), newestResults()));
