import { pathToFileURL } from 'node:url';
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
 * The C library's; others than that of GNU do not look at them. Two arenas for all threads, and memory that was freed goes
 * back from 1 MiB on. One arena, or letting requests lie apart, saves another 5 MB and costs a tenth of the throughput.
 */
const allocatorSettings = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '1048576' };

/**
 * The daemon takes this process over, so that whoever started it watches the daemon itself.
 * @param flags of daemon/config.ts
 */
export async function launchDaemon(flags: readonly string[]): Promise<void> {
  if (process.env['LISTEN_PID'] === String(process.pid)) {
    // Descriptor 3 is a socket for the daemon, and would be closed by what follows.
    process.argv.splice(1, process.argv.length, daemonEntry, ...flags);
    await import(pathToFileURL(daemonEntry).href);
    return;
  }
  const execve = process.execve?.bind(process);
  if (execve === undefined) throw new Error('this Node cannot replace a process; use Node 24 on macOS or Linux');
  execve(process.execPath, [process.execPath, ...nodeFlags, daemonEntry, ...flags], {
    ...allocatorSettings,
    ...process.env,
  });
}
