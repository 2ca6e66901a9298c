import type { DaybookError } from '../../shared/errors.ts';
import { daybookPaths } from '../../shared/paths.ts';
import { readStartNotice } from '../../shared/start-notice.ts';
import { DaemonSilent } from './daemon-silent.ts';
import { startingText } from './service-life/starting-text.ts';

/** What a person can do about a daemon that does not answer. */
export function nextStep(error: DaybookError): string {
  if (error instanceof DaemonSilent) return "look what is wrong with 'daybook doctor', or 'daybook restart' it";
  const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
  if (code === 'EACCES' || code === 'EPERM') return "the socket is there and not yours: 'daybook doctor' says whose";
  const starting = readStartNotice(daybookPaths(process.env).dataDirectory);
  return starting === undefined
    ? "start it with 'daybook start' (installed) or 'daybook daemon' (in another terminal)"
    : `it is starting: ${startingText(starting)}; 'daybook status' says when it is ready`;
}
