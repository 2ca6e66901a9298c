import { spawnSync } from 'node:child_process';

export interface FailingCalls {
  /** The file whose calls fail; it need not be there yet. */
  path: string;
  /** System calls: `pwrite64`, or several with commas. */
  calls: string;
  /** What becomes of them: `error=EIO`, `signal=SIGKILL`. */
  fault: `error=${string}` | `signal=${string}`;
  /** Which of them, counted in each thread from 1: `3`, `3+` (and all later ones), `3..5`. */
  when: string;
}

/** A reason why this machine cannot make system calls fail, for the `skip` option of a test. */
export const skipWithoutFailingCalls: string | false =
  spawnSync('strace', ['-D', '-f', '-qq', '--seccomp-bpf', '-o', '/dev/null', 'true'], { stdio: 'ignore' }).status === 0
    ? false
    : 'strace cannot trace a program here';

/** Runs a program whose system calls on one file fail. */
export function withFailingCalls({ path, calls, fault, when }: FailingCalls): string[] {
  return [
    'strace',
    // The program is our child, and the tracer is not.
    '-D',
    '-f',
    '-qq',
    // All other calls run undisturbed. A signal would not be seen that way.
    ...(fault.startsWith('error=') ? ['--seccomp-bpf'] : []),
    '-o',
    '/dev/null',
    '-P',
    path,
    '-e',
    `trace=${calls}`,
    '-e',
    `inject=${calls}:${fault}:when=${when}`,
  ];
}
