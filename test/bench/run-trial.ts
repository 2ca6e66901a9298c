import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Figures, Surroundings } from './trial-input.ts';
import type { Trial } from './trials.ts';

const run = promisify(execFile);

/** Runs a trial once, in a process of its own. @throws Error with what the trial had to say */
export async function runTrial({ name, script, input }: Trial, surroundings: Surroundings): Promise<Figures> {
  const path = fileURLToPath(new URL(`trials/${script}.ts`, import.meta.url));
  const { stdout } = await run(process.execPath, [path, JSON.stringify({ ...surroundings, ...input })]).catch(
    (error: Error & { stderr?: string }) => {
      throw new Error(`the trial ${JSON.stringify(name)} failed: ${error.stderr ?? error.message}`);
    },
  );
  const figures: unknown = JSON.parse(stdout);
  if (typeof figures !== 'object' || figures === null) throw new Error(`${name} reported ${stdout}`);
  return figures as Figures;
}
