import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CpuProfile, selfTimes } from './cpu-profile.ts';
import { daemonProfiles } from './daemon-profiles.ts';
import { runTrial } from './run-trial.ts';
import { aligned } from './table.ts';
import type { Surroundings } from './trial-input.ts';

const EVENTS = 500_000;
const SHOWN = 10;

/**
 * Has the daemon take half a million events of one client at full speed and profiles its threads. Puts a .cpuprofile of each
 * into the working directory, and returns what took most of their time.
 */
export async function profileDaemon(surroundings: Surroundings): Promise<string> {
  const profileDirectory = join(surroundings.packageDirectory, '..', 'profiles');
  mkdirSync(profileDirectory);
  const trial = { name: 'daybook', script: 'committed', input: { clients: 1, events: EVENTS, seed: 1 } };
  const figures = await runTrial(trial, { ...surroundings, profileDirectory });
  const { writer, main } = daemonProfiles(
    readdirSync(profileDirectory).map((name) => {
      const path = join(profileDirectory, name);
      return { path, profile: JSON.parse(readFileSync(path, 'utf8')) as CpuProfile };
    }),
  );
  const parts = [`${Math.round(figures['eventsPerSecond'] ?? 0)} events/s while profiled\n`];
  for (const [thread, found] of Object.entries({ writer, main })) {
    const file = `daybook-${thread}.cpuprofile`;
    copyFileSync(found.path, file);
    const { rows, busyMs } = selfTimes(found.profile);
    const cells = rows.slice(0, SHOWN).map(({ what, ms }) => [what, `${Math.round(ms)} ms`, share(ms, busyMs)]);
    parts.push(`\n${thread} thread, busy for ${Math.round(busyMs)} ms (${file})\n${aligned(cells)}\n`);
  }
  return parts.join('');
}

function share(part: number, whole: number): string {
  return `${((part / whole) * 100).toFixed(1)} %`;
}
