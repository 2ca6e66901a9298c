import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Results } from './results.ts';

const directory = fileURLToPath(new URL('results', import.meta.url));

/** Keeps results under their date and processor; later ones of the same day in their place. Returns the path. */
export function saveResults(results: Results): string {
  mkdirSync(directory, { recursive: true });
  const cpu = results.machine.cpu
    .toLowerCase()
    .replaceAll(/\(r\)|\(tm\)|processor|cpu|@.*/g, ' ')
    .trim()
    .replaceAll(/[^a-z0-9]+/g, '-');
  const path = join(directory, `${results.date.slice(0, 10)}-${cpu}-${results.machine.cores}-cores.json`);
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
  return path;
}

/** The results of the latest run that was kept. @throws Error when there are none */
export function newestResults(): Results {
  const all = readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as Results)
    .toSorted((a, b) => a.date.localeCompare(b.date));
  const newest = all.at(-1);
  if (newest === undefined) throw new Error('no results are kept; npm run bench -- --save keeps them');
  return newest;
}
