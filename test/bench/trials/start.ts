/** `daybook daemon` of the built package on ten million events: milliseconds from exec until the socket accepts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { daybookPaths } from '../../../shared/paths.ts';
import { median } from '../statistics.ts';
import { reportFigures, type Surroundings, trialInput } from '../trial-input.ts';

const LOOK_EVERY_MS = 2;

const { packageDirectory, homes, starts } = trialInput() as Surroundings & { starts: number };
const home = homes.tenMillion;
const socket = daybookPaths({ DAYBOOK_HOME: home }).socket;
const times: number[] = [];
for (let n = 0; n <= starts; n += 1) {
  const started = performance.now();
  const daemon = spawn(process.execPath, [join(packageDirectory, 'client/cli/daybook.js'), 'daemon'], {
    env: { ...process.env, DAYBOOK_HOME: home },
    stdio: 'ignore',
  });
  const ended = once(daemon, 'exit');
  while (!(await accepts())) {
    if (daemon.exitCode !== null) throw new Error(`the daemon ended with ${daemon.exitCode}`);
    await pause(LOOK_EVERY_MS);
  }
  // The first start is the warm-up.
  if (n > 0) times.push(performance.now() - started);
  daemon.kill('SIGTERM');
  await ended;
}
reportFigures({ startMs: median(times) });

function accepts(): Promise<boolean> {
  const connection = createConnection(socket);
  return new Promise((resolve) => {
    connection.once('error', () => resolve(false));
    connection.once('connect', () => {
      connection.destroy();
      resolve(true);
    });
  });
}
