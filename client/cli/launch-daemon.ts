import { daemonEntry } from './entries.ts';

/** For a process that shall be small: what V8 and the C library leave alone otherwise grows with the machine. */
const nodeFlags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1', '--expose-gc'];

/** The C library's; others than that of GNU do not look at them. Memory that was freed goes back from 1 MiB on. */
const allocatorSettings = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '1048576' };

/** The daemon takes this process over, so that whoever started it watches the daemon itself. */
export function launchDaemon(init: boolean): void {
  const execve = process.execve?.bind(process);
  if (execve === undefined) throw new Error('this Node cannot replace a process; use Node 24 on macOS or Linux');
  execve(process.execPath, [process.execPath, ...nodeFlags, daemonEntry, ...(init ? ['--init'] : [])], {
    ...allocatorSettings,
    ...process.env,
  });
}
