/** `npm run bench`: each trial in a process of its own, the trials in turn, medians. `--json` for programs. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

const trials = {
  ingest: ['ingest.ts', values.events, values.seed],
  'bare insert': ['bare-insert.ts', values.events, values.seed],
  'client import': ['client-import.ts'],
} as const;

type Figures = { [name: string]: number };
const results = new Map<string, Figures[]>();
for (let round = 0; round <= Number(values.rounds); round += 1) {
  for (const [name, [file, ...args]] of Object.entries(trials)) {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const figures: Figures = JSON.parse(execFileSync(process.execPath, [path, ...args], { encoding: 'utf8' }));
    // Round 0 is the warm-up.
    if (round > 0) results.set(name, [...(results.get(name) ?? []), figures]);
    if (!values.json) process.stderr.write(`round ${round}/${values.rounds} ${name}\n`);
  }
}

const summary = [...results].flatMap(([trial, rounds]) =>
  Object.keys(rounds[0] ?? {}).map((figure) => {
    const sorted = rounds.map((figures) => figures[figure] ?? Number.NaN).toSorted((a, b) => a - b);
    return { trial, figure, min: sorted[0], median: sorted[Math.floor(sorted.length / 2)], max: sorted.at(-1) };
  }),
);
const ratios = (results.get('ingest') ?? []).map(
  ({ eventsPerSecond = 0 }, round) => eventsPerSecond / (results.get('bare insert')?.[round]?.['eventsPerSecond'] ?? 0),
);
ratios.sort((a, b) => a - b);
summary.push({
  trial: 'ingest / bare insert',
  figure: 'ratio',
  min: ratios[0],
  median: ratios[Math.floor(ratios.length / 2)],
  max: ratios.at(-1),
});

if (values.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
else {
  const text = (value: number | undefined) =>
    (value ?? Number.NaN).toLocaleString('en-US', { maximumFractionDigits: 2 }).padStart(12);
  process.stdout.write(
    `${'trial'.padEnd(22)}${'figure'.padEnd(22)}${'min'.padStart(12)}${'median'.padStart(12)}${'max'.padStart(12)}\n`,
  );
  for (const { trial, figure, min, median, max } of summary) {
    process.stdout.write(`${trial.padEnd(22)}${figure.padEnd(22)}${text(min)}${text(median)}${text(max)}\n`);
  }
}
