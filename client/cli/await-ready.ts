import { setTimeout as sleep } from 'node:timers/promises';
import { DaybookError } from '../../shared/errors.ts';
import { daybookPaths } from '../../shared/paths.ts';
import { withClient } from './open-client.ts';
import { print } from './output.ts';

const DEADLINE_MS = 15_000;
const STEP_MS = 100;

/** Waits until the daemon that the service manager has just started answers, and says so. @throws DaybookError */
export async function awaitReady(): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  for (;;) {
    try {
      const { pid } = await withClient((client) => client.status());
      await print(`running (pid ${pid})\n`);
      return;
    } catch (error) {
      if (!(error instanceof DaybookError) || !error.retryable) throw error;
      if (performance.now() > end) {
        const { log } = daybookPaths(process.env);
        const seconds = DEADLINE_MS / 1000;
        throw new DaybookError('timeout', `it was started but does not answer after ${seconds} s; see ${log}`, {
          cause: error,
        });
      }
      await sleep(STEP_MS);
    }
  }
}
