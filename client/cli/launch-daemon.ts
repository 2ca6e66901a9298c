import { pathToFileURL } from 'node:url';
import { daemonEntry } from './entries.ts';

/**
 * For a process that shall be small: what V8 and the C library leave alone otherwise grows with the machine. V8's own way
 * to give memory back looks around every 8 seconds for ever; the daemon does it once, when it is quiet. The old generation
 * grows by less where it has a bound, which is that of all threads (`daemon/worker-limits.ts`). Young ones of a megabyte are
 * collected by two threads as fast as by five, with fewer wake-ups.
 *
 * Only flags that leave `v8.cachedDataVersionTag()` what it is: with any other, no thread could use the compiled code that
 * Node brings along.
 */
export const nodeFlags = [
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=1',
  '--max-old-space-size=512',
  '--no-memory-reducer',
  '--v8-pool-size=1',
];

/**
 * The C library's; others than that of GNU do not look at them. Two arenas for all threads, and memory that was freed at
 * the end of one goes back from 64 KiB on. One arena, or letting smaller requests lie apart, saves more and costs a tenth or
 * two of the throughput.
 */
const allocatorSettings = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '65536', MALLOC_TOP_PAD_: '0' };

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
