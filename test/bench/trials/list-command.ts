/** `daybook list` of the built package on ten million events, and `node -e 0`: milliseconds of the whole process, in turn. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { startDaemon } from '../bench-daemon.ts';
import { median } from '../statistics.ts';
import { reportFigures, type Surroundings, trialInput } from '../trial-input.ts';

const input = trialInput() as Surroundings & { runs: number };
const daemon = await startDaemon(input, input.homes.tenMillion);
const list = [join(input.packageDirectory, 'client/cli/daybook.js'), 'list'];
const lists: number[] = [];
const nodes: number[] = [];
for (let n = 0; n <= input.runs; n += 1) {
  const nodeMs = run(['-e', '0']);
  const listMs = run(list);
  // The first of each is the warm-up.
  if (n === 0) continue;
  nodes.push(nodeMs);
  lists.push(listMs);
}
await daemon.stop();
reportFigures({ listMs: median(lists), nodeMs: median(nodes) });

function run(args: readonly string[]): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, {
    env: { ...process.env, DAYBOOK_HOME: input.homes.tenMillion },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return performance.now() - started;
}
