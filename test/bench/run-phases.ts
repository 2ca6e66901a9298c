import { type ServerProgram, versionOf } from './programs.ts';
import type { Measured } from './results.ts';
import { runTrial } from './run-trial.ts';
import type { Surroundings } from './trial-input.ts';
import type { Phase, Trial } from './trials.ts';

export interface RunOptions {
  rounds: number;
  /** Names of trials; empty means all. */
  only: readonly string[];
  isQuick: boolean;
  say: (text: string) => void;
}

/** Runs the phases one after the other, and the trials of each in turn, round by round. */
export async function runPhases(phases: readonly Phase[], surroundings: Surroundings, options: RunOptions) {
  const { rounds, say } = options;
  const measured: Measured = new Map();
  const skipped: { trial: string; reason: string }[] = [];
  const wanted = withWhatTheyNeed(phases, options.only);
  const versions = new Map<ServerProgram, string | undefined>();
  const reasonAgainst = ({ needs, isLarge }: Trial): string | undefined => {
    if (isLarge && options.isQuick) return 'left out of a quick run';
    if (needs === undefined) return undefined;
    if (!versions.has(needs)) versions.set(needs, versionOf(needs));
    return versions.get(needs) === undefined ? `${needs} is not on PATH` : undefined;
  };
  for (const phase of phases) {
    const trials = phase.trials.filter((trial) => {
      if (!wanted.has(trial.name)) return false;
      const reason = reasonAgainst(trial);
      if (reason !== undefined) {
        skipped.push({ trial: trial.name, reason });
        say(`${trial.name}: skipped, ${reason}`);
      }
      return reason === undefined;
    });
    const times = phase.rounds ?? rounds;
    for (let round = 1; round <= times; round += 1) {
      for (const trial of trials) {
        say(`${round}/${times}  ${trial.name}`);
        const ofTrial = measured.get(trial.name) ?? new Map<string, number[]>();
        measured.set(trial.name, ofTrial);
        for (const [name, value] of Object.entries(await runTrial(trial, surroundings))) {
          ofTrial.set(name, [...(ofTrial.get(name) ?? []), value]);
        }
      }
    }
  }
  return { measured, skipped };
}

/** The first of these names that no trial has. */
export function unknownTrial(phases: readonly Phase[], names: readonly string[]): string | undefined {
  const known = phases.flatMap(({ trials }) => trials.map(({ name }) => name));
  return names.find((name) => !known.includes(name));
}

/** The named trials, and those that fill what they work on. All of them when none is named. */
function withWhatTheyNeed(phases: readonly Phase[], only: readonly string[]): Set<string> {
  const all = phases.flatMap(({ trials }) => trials);
  const named = only.length === 0 ? all : all.filter(({ name }) => only.includes(name));
  return new Set(named.flatMap(({ name, filledBy }) => (filledBy === undefined ? [name] : [name, filledBy])));
}
