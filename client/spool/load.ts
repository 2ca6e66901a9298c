import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { programFile } from '../../shared/program-file.ts';

/**
 * What a process needs that records, and others do not. It is loaded when the first event has been recorded, not when the
 * daemon goes away: by then an update may have replaced the files. It cannot be loaded with `import()`, because a process
 * that exits waits for nothing.
 */
export function loadSpool(): typeof import('./spool.ts') {
  return load(programFile('client/spool/spool')) as typeof import('./spool.ts');
}

export function loadGapNotes(): typeof import('./gap-notes.ts') {
  return load(programFile('client/spool/gap-notes')) as typeof import('./gap-notes.ts');
}

function load(file: URL): unknown {
  return createRequire(import.meta.url)(fileURLToPath(file));
}
