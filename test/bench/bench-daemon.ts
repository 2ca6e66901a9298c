import { DaemonProcess } from '../harness/daemon-process.ts';
import type { Surroundings } from './trial-input.ts';

/** The daemon of the built package, on the given home or one of its own. */
export function startDaemon({ daemonEntry, profileDirectory }: Surroundings, home?: string): Promise<DaemonProcess> {
  const nodeArguments = ['--disable-warning=ExperimentalWarning'];
  if (profileDirectory !== undefined) nodeArguments.push('--cpu-prof', `--cpu-prof-dir=${profileDirectory}`);
  return DaemonProcess.start({ entry: daemonEntry, nodeArguments, ...(home !== undefined && { home }) });
}
