/** What is given to every trial besides its own input. */
export interface Surroundings {
  /** The built package, as it is published. */
  packageDirectory: string;
  /** Homes that the trials of a run share, filled by one of them. */
  homes: { oneMillion: string; tenMillion: string };
  /** Where Node writes a CPU profile of each of the daemon's threads, if it shall. */
  profileDirectory?: string;
}

/** The input of this trial, which knows what else is in it: JSON, the first argument. */
export function trialInput(): Surroundings {
  return JSON.parse(process.argv[2] ?? '') as Surroundings;
}

export type Figures = { [name: string]: number };

/** What the trial has found out: one JSON map on stdout. */
export function reportFigures(figures: Figures): void {
  process.stdout.write(`${JSON.stringify(figures)}\n`);
}
