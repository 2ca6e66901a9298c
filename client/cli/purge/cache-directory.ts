import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where daybook.js has its compiled code kept. A cache that somebody else has set up is not ours. */
export function cacheDirectory(environment: NodeJS.ProcessEnv): string {
  const { DAYBOOK_HOME: home, XDG_CACHE_HOME: caches } = environment;
  if (home) return join(home, 'cache');
  if (process.platform === 'darwin') return join(homedir(), 'Library/Caches/daybook');
  return join(caches || join(homedir(), '.cache'), 'daybook');
}
