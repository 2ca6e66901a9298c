/** What a run of the suite has found out, as it is kept in a file. */
import { type FigureName, figures } from './figures.ts';
import type { MachineFacts } from './machine-facts.ts';
import { type Spread, spread } from './statistics.ts';
import { type Target, targets } from './targets.ts';

export interface FigureResult extends Spread {
  trial: string;
  figure: string;
  unit: string;
  better: 'more' | 'less';
  /** In the order of the rounds. */
  values: number[];
}

export interface TargetResult extends Partial<Spread> {
  what: string;
  wanted: string;
  unit: string;
  /** Undefined when its trials were left out or skipped, and where nothing is wanted. */
  isMet?: boolean;
}

export interface Results {
  /** UTC. */
  date: string;
  command: string;
  rounds: number;
  machine: MachineFacts;
  /** Trials that did not run, and why. */
  skipped: { trial: string; reason: string }[];
  targets: TargetResult[];
  figures: FigureResult[];
}

/** Values of each figure of each trial, in the order of the rounds. */
export type Measured = Map<string, Map<string, number[]>>;

export function figureResults(measured: Measured): FigureResult[] {
  return [...measured].flatMap(([trial, byName]) =>
    [...byName].map(([figure, values]) => ({
      trial,
      figure,
      ...figures[figure as FigureName],
      ...spread(values),
      values,
    })),
  );
}

/** Holds the targets against the figures. A ratio is that of each round; its median counts. */
export function targetResults(measured: Measured): TargetResult[] {
  return targets.map((target) => {
    const unit = target.against === undefined ? figures[target.of.figure].unit : 'x';
    const { is, bound } = target;
    const wanted = bound === undefined ? '' : `${is} ${withUnit(String(bound), unit)}`;
    const result = { what: target.what, wanted, unit };
    const values = valuesFor(target, measured);
    if (values.length === 0) return result;
    const of = spread(values);
    if (bound === undefined) return { ...result, ...of };
    return { ...result, ...of, isMet: is === '>=' ? of.median >= bound : of.median <= bound };
  });
}

function valuesFor({ of, against }: Target, measured: Measured): number[] {
  const values = measured.get(of.trial)?.get(of.figure) ?? [];
  if (against === undefined) return values;
  const others = measured.get(against.trial)?.get(against.figure) ?? [];
  return values.slice(0, others.length).map((value, round) => value / (others[round] ?? Number.NaN));
}

export function withUnit(text: string, unit: string): string {
  return unit === 'x' || unit === '/s' ? `${text}${unit}` : `${text} ${unit}`;
}
