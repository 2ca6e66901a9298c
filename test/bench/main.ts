/**
 * `npm run bench`: measures the built daemon and its peers and holds the targets against what came out.
 *
 * What is measured is in trials.ts, what is wanted in targets.ts, what is sent in corpus.ts and how in load.ts. Beside it,
 * each for one question: durability.ts (what each level costs), many-clients.ts (a thousand clients), bystander.ts (what one
 * client costs another).
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machineFacts } from './machine-facts.ts';
import { profileDaemon } from './profile-daemon.ts';
import { figureResults, type Results, targetResults } from './results.ts';
import { saveResults } from './results-file.ts';
import { runPhases, unknownTrial } from './run-phases.ts';
import { stagePackage } from './staged-package.ts';
import { figureTable, targetTable } from './table.ts';
import type { Surroundings } from './trial-input.ts';
import { phases } from './trials.ts';

const USAGE = `npm run bench -- [OPTIONS]
  --rounds N       of each trial (5)
  --only NAME…     these trials, and others they need
  --quick          nothing on ten million events
  --save           keep the results in test/bench/results
  --json           for programs
  --profile        where the daemon's threads spend their time, and nothing else
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
// Several names may follow one --only.
const only = values.only.length === 0 ? [] : [...values.only, ...positionals];
if (values.help || !Number.isInteger(rounds) || rounds < 1 || (only.length === 0 && positionals.length > 0)) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}

const unknown = unknownTrial(phases, only);
if (unknown !== undefined) {
  const names = phases.flatMap(({ trials }) => trials.map(({ name }) => `  ${name}\n`));
  process.stderr.write(`there is no trial ${JSON.stringify(unknown)}; there are\n${names.join('')}`);
  process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), 'daybook-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
const surroundings = surroundingsIn(directory);

if (values.profile) process.stdout.write(await profileDaemon(surroundings));
else {
  const startedMs = performance.now();
  const say = (text: string) => {
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    if (!values.json) process.stderr.write(`${String(seconds).padStart(4)} s  ${text}\n`);
  };
  const { measured, skipped } = await runPhases(phases, surroundings, { rounds, only, isQuick: values.quick, say });
  const results: Results = {
    date: new Date().toISOString(),
    command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(' '),
    rounds,
    machine: machineFacts(),
    skipped,
    targets: targetResults(measured),
    figures: figureResults(measured),
  };
  if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`);
  else {
    process.stdout.write(`${figureTable(results.figures)}\n\n${targetTable(results.targets)}\n`);
    for (const { trial, reason } of skipped) process.stdout.write(`skipped: ${trial}: ${reason}\n`);
  }
  if (values.save) say(`kept in ${saveResults(results)}`);
}

function surroundingsIn(path: string): Surroundings {
  const packageDirectory = join(path, 'package');
  stagePackage(packageDirectory);
  const homes = { oneMillion: join(path, '1m'), tenMillion: join(path, '10m') };
  for (const home of Object.values(homes)) mkdirSync(home, { mode: 0o700 });
  return { packageDirectory, homes };
}
