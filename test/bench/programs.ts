import { spawnSync } from 'node:child_process';

export type ServerProgram = 'redis-server' | 'nats-server';

/** The version of a program on PATH, undefined when there is none. */
export function versionOf(program: ServerProgram): string | undefined {
  const { stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  return /(\d+\.\d+\.\d+)/.exec(stdout ?? '')?.[1];
}
