import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusReply } from '../../../shared/messages/status.ts';
import { withClient } from '../open-client.ts';

/** Reading a file takes the daemon a millisecond. */
const PATIENCE_MS = 2_000;
const STEP_MS = 20;

/**
 * Has the daemon read its settings again (SIGHUP), and waits until its status is as it should be, or for two seconds.
 * @returns its status then; undefined from a daemon that does not do so while it runs
 * @throws the system's error when the daemon may not be signalled
 */
export async function haveSettingsRead(
  before: StatusReply,
  isDone: (status: StatusReply) => boolean,
): Promise<StatusReply | undefined> {
  if (before.setting_origins === undefined || !isDaemon(before.pid)) return undefined;
  process.kill(before.pid, 'SIGHUP');
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const status = await withClient((client) => client.status());
    if (isDone(status) || performance.now() > end) return status;
    await sleep(STEP_MS);
  }
}

/** A daemon in a container has a number that is somebody else's here; a signal would end that process. */
function isDaemon(pid: number): boolean {
  if (!existsSync('/proc/self/cmdline')) return true;
  try {
    return /[/\0]daemon[/\0]/.test(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
  } catch {
    return false;
  }
}
