import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A DAYBOOK_HOME of its own, in the system's temporary directory, removed with `remove` or at the end of `using`. */
export function temporaryHome(): { path: string; remove: () => void; [Symbol.dispose]: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'daybook-'));
  // A process of a daemon that was killed may still be about to end, and leave a file meanwhile.
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 10 });
  return { path, remove, [Symbol.dispose]: remove };
}
