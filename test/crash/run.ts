/** The crash tests alone: `node test/crash/run.ts [--rounds N] [--seed S]`. From 1,000 rounds on they try every case. */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } });
const files = globSync('*.test.ts', { cwd: import.meta.dirname }).toSorted();
const tests = spawn(process.execPath, ['--test', ...files], {
  cwd: fileURLToPath(new URL('.', import.meta.url)),
  env: {
    ...process.env,
    ...(values.rounds !== undefined && { DAYBOOK_CRASH_ROUNDS: values.rounds }),
    ...(values.seed !== undefined && { DAYBOOK_TEST_SEED: values.seed }),
  },
  stdio: 'inherit',
});
tests.on('close', (exitCode) => {
  process.exitCode = exitCode ?? 1;
});
