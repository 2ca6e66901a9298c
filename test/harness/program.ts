import { execFileSync, spawnSync } from 'node:child_process';

/** For the `skip` option of a test: a reason when this machine lacks a program, false when it has it. */
export function skipWithout(program: string): string | false {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0 ? false : `${program} is not installed`;
}

/** What the sqlite3 shell prints for a statement. @throws when it fails */
export function sqliteShell(databasePath: string, sql: string): string {
  return execFileSync('sqlite3', ['-batch', '-bail', '-init', '/dev/null', databasePath], {
    input: `.timeout 5000\n${sql}\n`,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'pipe'],
  }).trim();
}
