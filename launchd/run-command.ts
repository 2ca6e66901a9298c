import { execFile } from 'node:child_process';
import { ServiceError } from './service-error.ts';

export interface CommandResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** Runs one program without a shell and resolves with its exit code, whatever that is. */
export type RunCommand = (program: string, args: readonly string[]) => Promise<CommandResult>;

/** launchctl and systemctl wait for a daemon to end, which launchd allows to take 20 s. */
const defaultTimeoutMs = 30_000;

/**
 * The real runner.
 * @param timeoutMs after which the program is killed
 * @throws ServiceError command_missing, timed_out, or command_failed when it could not be run to its end
 */
export function runCommand(
  program: string,
  args: readonly string[],
  timeoutMs: number = defaultTimeoutMs,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    // A working directory that was deleted would look like a missing program, so it is one that always exists.
    const options = { cwd: '/', timeout: timeoutMs, killSignal: 'SIGKILL' } as const;
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) {
        resolve({ exitCode: 0, stdout, stderr });
      } else if (typeof error.code === 'number') {
        resolve({ exitCode: error.code, stdout, stderr });
      } else {
        reject(describeFailure(program, args, timeoutMs, error));
      }
    });
  });
}

function describeFailure(
  program: string,
  args: readonly string[],
  timeoutMs: number,
  error: Error & { code?: unknown; killed?: boolean; signal?: unknown },
): ServiceError {
  const command = [program, ...args].join(' ');
  const cause = { cause: error };
  if (error.code === 'ENOENT') {
    return new ServiceError(
      'command_missing',
      `the program ${program} was not found`,
      "without it there is no service on this system: run 'daybook daemon' in the foreground, or from your own supervisor",
      cause,
    );
  }
  if (error.killed === true && error.code === null) {
    return new ServiceError(
      'timed_out',
      `'${command}' did not finish within ${timeoutMs / 1_000} s`,
      'run it by hand to see what it waits for',
      cause,
    );
  }
  const ending = typeof error.signal === 'string' ? `was ended by ${error.signal}` : `could not run: ${error.message}`;
  return new ServiceError('command_failed', `'${command}' ${ending}`, 'run it by hand to see the reason', cause);
}
