import { existsSync, readFileSync } from 'node:fs';
import { daybookVersion } from '../../../shared/protocol-version.ts';
import { readStartNotice } from '../../../shared/start-notice.ts';
import { isSameSetting, settingDefaults } from '../../../shared/settings.ts';
import { flightText } from '../health.ts';
import { durationText } from '../output.ts';
import { startingText } from '../service-life/starting-text.ts';
import { failed, type Finding, ok, warning } from './finding.ts';
import { isLocked, lockPath } from './instance-lock.ts';
import type { Situation } from './situation.ts';

/** Clocks of one machine differ by less. */
const TOLERANCE_SECONDS = 300;
/** No event was ever recorded before: 2025-01-01. */
const FIRST_SECONDS = 1_735_689_600;

export function checkSocket({ paths, daemon }: Situation): Finding {
  const { status, problem, tookMs } = daemon;
  if (status !== undefined) {
    const text = `pid ${status.pid} answered in ${Math.round(tookMs)} ms`;
    if (status.storage === 'disk_full') return failed('socket', `${text}: the disk is full`, 'make room on the disk');
    if (status.state === 'stopping') return warning('socket', `${text}: it is stopping`, 'daybook start');
    return status.version === daybookVersion
      ? ok('socket', text)
      : warning('socket', `${text}: it is version ${status.version}, and this is ${daybookVersion}`, 'daybook restart');
  }
  const starting = readStartNotice(paths.dataDirectory);
  if (starting !== undefined) {
    return warning('socket', `pid ${starting.pid} is starting: ${startingText(starting)}`, 'wait; daybook status');
  }
  if (problem?.code === 'not_reachable') {
    return failed('socket', `no daemon answers at ${paths.socket}`, 'daybook start (or: daybook install)');
  }
  return failed('socket', problem?.message ?? 'it does not answer', 'daybook restart');
}

/** Whether an event can be stored and read back, now. */
export function checkCanary({ daemon }: Situation): Finding[] {
  const { status, health } = daemon;
  if (status === undefined || health === undefined) return [];
  if (!status.persistence) return [ok('canary', 'nothing is stored (enable_persistence is false)')];
  if (health.ok) return [ok('canary', flightText(health))];
  const cure = health.code === 'disk_full' ? 'make room on the disk' : 'daybook logs; then: daybook restart';
  return [failed('canary', health.message, cure)];
}

export function checkConfiguration({ paths, set, configProblem, daemon }: Situation): Finding {
  if (configProblem !== undefined) {
    return failed('configuration', configProblem, 'daybook config unset KEY, or edit the file');
  }
  const { settings } = daemon.status ?? {};
  const wanted = {
    ...settingDefaults,
    'persistence.database_path': paths.database,
    'persistence.backup_directory': paths.backups,
    ...set,
  };
  const differing = Object.entries(wanted).filter(([key, value]) => {
    const running = settings?.[key.replace('persistence.', '') as keyof typeof settings];
    return key.startsWith('persistence.') && running !== undefined && !isSameSetting(running, value ?? undefined);
  });
  if (differing.length === 0) return ok('configuration', existsSync(paths.config) ? paths.config : 'the defaults');
  const keys = differing.map(([key]) => key).join(', ');
  return warning('configuration', `the daemon still runs with another ${keys}`, 'daybook restart');
}

/** Whether a process owns this home, and whether it is the one that answers. */
export function checkLock({ paths, daemon }: Situation): Finding {
  const path = lockPath(paths.dataDirectory);
  const { status } = daemon;
  if (!existsSync(path)) {
    return status === undefined
      ? ok('instance lock', 'free')
      : failed('instance lock', `pid ${status.pid} runs and its lock was deleted`, 'daybook restart');
  }
  const owner = ownerOf(`${path}.owner`);
  if (status !== undefined) {
    return owner === undefined || owner === status.pid
      ? ok('instance lock', `held by pid ${status.pid}`)
      : warning('instance lock', `it names pid ${owner}, and pid ${status.pid} answers`, 'daybook restart');
  }
  const starting = readStartNotice(paths.dataDirectory);
  if (starting !== undefined) return ok('instance lock', `held by pid ${starting.pid}, which is starting`);
  if (!isLocked(path)) return ok('instance lock', 'free');
  const who = owner === undefined ? 'a process' : `pid ${owner}`;
  const cure = `daybook logs; if it is not starting: kill ${owner ?? 'PID'}`;
  return failed('instance lock', `${who} holds it and does not answer`, cure);
}

function ownerOf(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const pid = Number.parseInt(readFileSync(path, 'utf8'), 10);
  return Number.isSafeInteger(pid) ? pid : undefined;
}

export function checkClock({ history }: Situation, nowSeconds: number): Finding {
  const cure = process.platform === 'darwin' ? 'sudo sntp -sS time.apple.com' : 'timedatectl set-ntp true';
  if (nowSeconds < FIRST_SECONDS) return failed('clock', `it says ${new Date(nowSeconds * 1000).toISOString()}`, cure);
  const { newestArrived, newestTimestamp } = history;
  if (newestArrived === undefined) return ok('clock', 'plausible; there is no event to compare with');
  const ahead = newestArrived - nowSeconds;
  if (ahead > TOLERANCE_SECONDS) {
    return failed('clock', `the newest event was stored ${durationText(ahead)} in the future of this clock`, cure);
  }
  const claimed = (newestTimestamp ?? 0) - nowSeconds;
  if (claimed > TOLERANCE_SECONDS) {
    return warning('clock', `an event says it happens in ${durationText(claimed)}`, 'daybook list --limit 5');
  }
  return ok('clock', `plausible; the newest event was stored ${durationText(Math.max(-ahead, 0))} ago`);
}
