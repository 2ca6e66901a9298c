import { join } from 'node:path';
import { DaemonProcess } from '../harness/daemon-process.ts';
import type { Surroundings } from './trial-input.ts';

/**
 * `daybook daemon` of the built package, as a user starts it, on the given home or one of its own; with a configuration if
 * one is given.
 */
export function startDaemon(surroundings: Surroundings, home?: string, config?: object): Promise<DaemonProcess> {
  const { packageDirectory, profileDirectory } = surroundings;
  return DaemonProcess.start({
    entry: join(packageDirectory, 'client/cli/daybook.js'),
    flags: ['daemon'],
    ...(home !== undefined && { home }),
    ...(config !== undefined && { config: { ...config } }),
    // The process that takes this one over has flags of its own, and reads these besides.
    ...(profileDirectory !== undefined && {
      environment: { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profileDirectory}` },
    }),
  });
}
