import { DaybookError } from '../../shared/errors.ts';

export const exitCodes = { ok: 0, failed: 1, usage: 2, notReachable: 3 } as const;

/** A wrong flag or argument that the parser cannot see by itself. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Says on stderr what went wrong, and returns the exit code for it. */
export function reportError(error: unknown): number {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`daybook: ${message}\n`);
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof DaybookError && error.code === 'not_reachable') {
    process.stderr.write("start it with 'daybook start' (installed) or 'daybook daemon' (in another terminal)\n");
    return exitCodes.notReachable;
  }
  return exitCodes.failed;
}
