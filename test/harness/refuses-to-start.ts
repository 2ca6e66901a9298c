import assert from 'node:assert/strict';
import type { DaemonOptions, Ended } from './daemon-process.ts';
import { refusedStart } from './refused-start.ts';

/** A daemon that must not start: one line on stderr that says why, and an exit code. */
export async function refusesToStart(options: DaemonOptions, message: RegExp): Promise<Ended> {
  const ended = await refusedStart(options);
  assert.equal(ended.exitCode, 1, ended.stdout + ended.stderr);
  assert.match(ended.stderr, message);
  assert.match(ended.stderr, /^daybook: .*\n$/);
  assert.equal(ended.stdout, '');
  return ended;
}

/** A daemon that no restart can help: under a service manager it ends with 0, or it would be started for ever. */
export async function refusesToStartForGood(options: DaemonOptions, message: RegExp): Promise<void> {
  const alone = await refusesToStart(options, message);
  const supervised = await refusedStart({ ...options, environment: { DAYBOOK_SUPERVISED: '1' } });
  assert.deepEqual(supervised, { ...alone, exitCode: 0 });
}
