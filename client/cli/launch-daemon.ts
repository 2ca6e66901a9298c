import { daemonEntry } from './entries.ts';

/**
 * For a process that shall be small: what V8 and the C library leave alone otherwise grows with the machine. V8's own way
 * to give memory back looks around every 8 seconds for ever; the daemon does it once, when it is quiet.
 */
const nodeFlags = [
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=1',
  '--optimize-for-size',
  '--no-memory-reducer',
  '--expose-gc',
];

/**
 * The C library's; others than that of GNU do not look at them. One arena for all threads. Memory that was freed goes back
 * from 128 KiB on, and what is larger than a read of a socket (requests, and the same prepared) lies apart and goes back at
 * once: the free places it would leave between smaller things stay with the process. A threshold below the reads of sockets
 * costs a tenth of the throughput.
 */
const allocatorSettings = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '69632',
};

/** The daemon takes this process over, so that whoever started it watches the daemon itself. */
export function launchDaemon(init: boolean): void {
  const execve = process.execve?.bind(process);
  if (execve === undefined) throw new Error('this Node cannot replace a process; use Node 24 on macOS or Linux');
  execve(process.execPath, [process.execPath, ...nodeFlags, daemonEntry, ...(init ? ['--init'] : [])], {
    ...allocatorSettings,
    ...process.env,
  });
}
