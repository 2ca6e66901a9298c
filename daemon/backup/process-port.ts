/** The side of a process of its own that does one thing and says how far it is and what became of it. */
import { constants, setPriority } from 'node:os';
import { DaybookError } from '../../shared/errors.ts';
import type { FromBackup } from '../../shared/messages/backup.ts';
import { errorBody } from '../../shared/messages/error-body.ts';

const PROGRESS_MS = 100;

/** Does what the first argument orders, tells whoever started this process, and ends. */
export async function serve<Report>(
  run: (order: unknown, tell: (message: FromBackup<Report>) => void) => Promise<Report>,
): Promise<void> {
  process.umask(0o077);
  // Whoever records or asks goes first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  // What was begun is cleaned up by those who listen to the end of the process.
  process.on('disconnect', () => process.exit(1));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));
  let toldMs = -PROGRESS_MS;
  const tell = (message: FromBackup<Report>) => {
    if (message.kind === 'progress') {
      if (performance.now() - toldMs < PROGRESS_MS) return;
      toldMs = performance.now();
    }
    process.send?.(message);
  };
  let last: FromBackup<Report>;
  try {
    last = { kind: 'done', report: await run(JSON.parse(process.argv[2] ?? ''), tell) };
  } catch (error) {
    last = { kind: 'failed', error: errorBody(known(error)) };
  }
  process.send?.(last, () => process.exit(last.kind === 'done' ? 0 : 1));
}

function known(error: unknown): DaybookError {
  if (error instanceof DaybookError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new DaybookError('storage_error', message, { cause: error });
}
