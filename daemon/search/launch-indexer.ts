import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { programFile } from '../../shared/program-file.ts';
import type { IndexerSettings } from './indexer-messages.ts';

/** What V8 leaves alone otherwise grows with the machine. A crowd of large events may take the memory it needs. */
const nodeFlags = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1', '--max-old-space-size=128'];

/** One thread does the work, and what it has freed goes back. The C library's; others than that of GNU do not look at them. */
const allocatorSettings = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '1048576' };

/** All it is given of the daemon's environment: how Node starts, and where SQLite may write what it sorts. */
const handedOn = ['LD_LIBRARY_PATH', 'NODE_COMPILE_CACHE', 'NODE_OPTIONS', 'SQLITE_TMPDIR'];

/**
 * Starts the process that indexes. It has no descriptor of the daemon's but the channel between them.
 * @throws Error when the system has no room for another process
 */
export function launchIndexer(settings: IndexerSettings): ChildProcess {
  const environment = Object.fromEntries(handedOn.map((name) => [name, process.env[name]]));
  return fork(fileURLToPath(programFile('daemon/search/indexer-process')), [JSON.stringify(settings)], {
    execArgv: nodeFlags,
    env: { ...allocatorSettings, ...environment },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}
