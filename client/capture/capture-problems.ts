import type { CapturedDirectory } from './captured-directory.ts';

/** The system's code of a failed call, such as ENOENT. Empty when it is not a system error. */
export function systemCode(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

/**
 * Whether the error says that nothing is there, rather than that it cannot be looked at. Links are not followed, so ELOOP
 * means that a link lies where a directory above was.
 */
export function isAbsence(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}

/** Whether trying again later may help: the process ran out of file descriptors. */
export function isPassing(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'EMFILE' || code === 'ENFILE';
}

/** Says what cannot be captured: a system limit once, each directory once. */
export class CaptureProblems {
  readonly #report: (message: string) => void;
  readonly #limitsReported = new Set<string>();

  constructor(report: (message: string) => void) {
    this.#report = report;
  }

  /** The directory could not be watched, listed or looked into. */
  directoryFailed(directory: CapturedDirectory, error: unknown): void {
    const code = systemCode(error);
    const cure = limitCure(code);
    if (cure === undefined) {
      this.#once(directory, `cannot read ${directory.path} (${code || String(error)}): changes in it are not captured`);
    } else if (!this.#limitsReported.has(code)) {
      this.#limitsReported.add(code);
      this.#report(`cannot watch ${directory.path} and perhaps others (${code}): ${cure}`);
    }
  }

  nameUnreadable(directory: CapturedDirectory): void {
    this.#once(directory, `${directory.path} holds a name that is not valid UTF-8: it is not captured`);
  }

  /** The directory's name leads somewhere else, although its parent says that it is there. */
  directoryMisplaced(directory: CapturedDirectory): void {
    this.#once(directory, `${directory.path} leads to another path: changes in it are not captured`);
  }

  rootVanished(directory: CapturedDirectory): void {
    this.#report(`${directory.path} was deleted or moved: it is no longer captured`);
  }

  #once(directory: CapturedDirectory, message: string): void {
    if (directory.problemReported) return;
    directory.problemReported = true;
    this.#report(message);
  }
}

function limitCure(code: string): string | undefined {
  if (code === 'ENOSPC') {
    return (
      'the limit of watched directories is reached; raise it with `sudo sysctl fs.inotify.max_user_watches=1048576` ' +
      'and, to keep it, write that setting into a file in /etc/sysctl.d'
    );
  }
  if (code === 'EMFILE' || code === 'ENFILE') {
    return (
      'too many files or inotify instances are open; raise `ulimit -n` or ' +
      '`sudo sysctl fs.inotify.max_user_instances=1024` (fs.inotify.max_user_watches limits directories)'
    );
  }
  return undefined;
}
