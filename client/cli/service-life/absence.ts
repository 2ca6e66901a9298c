import type { DaybookPaths } from '../../../shared/paths.ts';
import { daybookVersion } from '../../../shared/protocol-version.ts';
import { localTime, paint, plain, table } from '../output.ts';
import type { DaemonSight, DaemonState } from './daemon-state.ts';
import { startingText } from './starting-text.ts';

/** Why no daemon answers, as a program reads it: the same first keys as those of a daemon that does. */
export function absenceOf(sight: DaemonSight, { socket, database, log, config }: DaybookPaths) {
  const { state, service, starting, lastError } = sight;
  return {
    state,
    pid: starting?.pid ?? service?.pid ?? null,
    version: daybookVersion,
    socket,
    database,
    log,
    config,
    uptime_seconds: null,
    ...(starting !== undefined && {
      starting: { since: starting.started, doing: starting.doing, share: starting.share },
    }),
    last_exit: service?.lastExit ?? null,
    last_error: lastError === undefined ? null : { time: lastError.timeMs / 1000, text: lastError.text },
    cure: cureFor(sight),
  };
}

/** The same for people. */
export function absenceText(sight: DaemonSight, { socket, database }: DaybookPaths): string {
  const { state, service, starting, lastError } = sight;
  const pid = starting?.pid ?? service?.pid;
  const hasEnded = ['crashed', 'stopped', 'disabled'].includes(state);
  return table([
    ['state', paint(colourOf(state), state)],
    ['service', service === undefined ? 'unknown' : service.state],
    ...(starting === undefined ? [] : [['doing', startingText(starting)] as const]),
    ...(pid === undefined ? [] : [['pid', String(pid)] as const]),
    ...(hasEnded && service?.lastExit !== undefined ? [['last exit', service.lastExit] as const] : []),
    ...(lastError === undefined
      ? []
      : [['last error', `${localTime(lastError.timeMs / 1000)} ${plain(lastError.text)}`] as const]),
    ['socket', `${socket} (nobody answers)`],
    ['database', database],
    ['cure', cureFor(sight)],
  ]);
}

function colourOf(state: DaemonState): 'red' | 'yellow' {
  return state === 'crashed' || state === 'unreachable' ? 'red' : 'yellow';
}

function cureFor({ state, service, starting }: DaemonSight): string {
  if (starting !== undefined) return 'wait; daybook status says how far it is';
  if (service === undefined || service.state === 'not-installed') {
    return state === 'unreachable' ? 'daybook doctor' : "daybook install, or 'daybook daemon' in another terminal";
  }
  switch (state) {
    case 'starting':
      return 'wait; daybook logs -f shows what it does';
    case 'stopping':
      return 'wait, then daybook start';
    case 'unreachable':
      return 'daybook logs, then daybook restart';
    case 'crashed':
      return service.lastExit?.startsWith('exit code 203') === true
        ? 'daybook install'
        : 'mend what the last error says, then daybook start; daybook doctor looks for more';
    case 'disabled':
      return 'daybook start; for every login from now on: daybook install';
    default:
      return 'daybook start';
  }
}
