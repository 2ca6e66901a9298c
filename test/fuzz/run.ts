/** `npm run fuzz`: hostile bytes, as many as one likes. `--runs N` in all, `--seed S` to see a run again. */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: process.env['DAYBOOK_FUZZ_RUNS'] ?? '5000' },
    seed: { type: 'string', default: process.env['DAYBOOK_TEST_SEED'] ?? String(randomInt(2 ** 31)) },
  },
});
for (const [name, value] of Object.entries(values)) {
  if (!/^\d{1,10}$/.test(value) || (name === 'runs' && Number(value) === 0)) {
    process.stderr.write(`fuzz: --${name} must be a whole number, not ${value}\n`);
    process.exit(2);
  }
}
process.stdout.write(`${values.runs} runs; again with --runs ${values.runs} --seed ${values.seed}\n`);

const here = fileURLToPath(new URL('.', import.meta.url));
const files = globSync('*.test.ts', { cwd: here }).map((file) => `${here}${file}`);
const tests = spawn(process.execPath, ['--test', '--test-concurrency=2', ...files], {
  env: { ...process.env, DAYBOOK_FUZZ_RUNS: values.runs, DAYBOOK_TEST_SEED: values.seed },
  stdio: 'inherit',
});
tests.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
