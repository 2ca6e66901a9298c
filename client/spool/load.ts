import { createRequire } from 'node:module';
import { extname } from 'node:path';

/**
 * What a process needs that records, and others do not. It is loaded when the first event has been recorded, not when the
 * daemon goes away: by then an update may have replaced the files. It cannot be loaded with `import()`, because a process
 * that exits waits for nothing.
 */
export function loadSpool(): typeof import('./spool.ts') {
  return load('./spool') as typeof import('./spool.ts');
}

export function loadGapNotes(): typeof import('./gap-notes.ts') {
  return load('./gap-notes') as typeof import('./gap-notes.ts');
}

/** `.ts` in a checkout, `.js` in the built package. */
function load(path: string): unknown {
  return createRequire(import.meta.url)(path + extname(import.meta.url));
}
