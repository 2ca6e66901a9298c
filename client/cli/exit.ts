import { DaybookError } from '../../shared/errors.ts';

export const exitCodes = { ok: 0, failed: 1, usage: 2, notReachable: 3 } as const;

/** A wrong flag or argument that the parser cannot see by itself. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Says on stderr what went wrong, and returns the exit code for it. */
export async function reportError(error: unknown): Promise<number> {
  process.stderr.write(`daybook: ${await messageOf(error)}\n`);
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof DaybookError && error.code === 'not_reachable') {
    const { nextStep } = await import('./next-step.ts');
    process.stderr.write(`${nextStep(error)}\n`);
    return exitCodes.notReachable;
  }
  if (error instanceof DaybookError && (error.code === 'unknown_kind' || error.code === 'bad_version')) {
    process.stderr.write(
      "the daemon is of another version: see 'daybook status'; 'daybook install' has this one run\n",
    );
  }
  return exitCodes.failed;
}

async function messageOf(error: unknown): Promise<string> {
  if (!(error instanceof Error)) return String(error);
  if (!('syscall' in error)) return error.message;
  // Loaded when it is needed: most commands end well.
  const { systemErrorText } = await import('./system-error.ts');
  return systemErrorText(error) ?? error.message;
}
