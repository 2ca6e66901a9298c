import { plain, print, printJson } from '../output.ts';
import { placeText, type Refusal } from './entry.ts';

/** Refusals that are kept, the first of the input; the others are counted. */
const KEPT_REFUSALS = 10_000;
/** Refusals named on stderr. */
const NAMED_REFUSALS = 20;

/** What became of one kind of thing. */
export interface Counts {
  stored: number;
  duplicate: number;
  rejected: number;
}

export function noCounts(): Counts {
  return { stored: 0, duplicate: 0, rejected: 0 };
}

/** What was refused, in the order in which it was found, which is nearly that of the input. */
export class Refusals {
  readonly #kept: Refusal[] = [];
  count = 0;

  add(refusal: Refusal): void {
    this.count += 1;
    if (this.#kept.length < KEPT_REFUSALS) this.#kept.push(refusal);
  }

  get kept(): readonly Refusal[] {
    return this.#kept;
  }

  /** Puts what was found so far into the order of the input. */
  sort(): void {
    this.#kept.sort(({ place: a }, { place: b }) =>
      a.unit === b.unit && a.bucket === b.bucket ? a.number - b.number : 0,
    );
  }
}

/** Says on stderr what was refused, the first ones by name. */
export function sayRefusals(refusals: Refusals): void {
  for (const { place, code, message } of refusals.kept.slice(0, NAMED_REFUSALS)) {
    process.stderr.write(`${plain(placeText(place))}: ${plain(message)} (${code})\n`);
  }
  const unnamed = refusals.count - NAMED_REFUSALS;
  if (unnamed > 0) process.stderr.write(`and ${unnamed} more were rejected ('--json' names up to ${KEPT_REFUSALS})\n`);
}

export async function printCounts(counts: Counts, what = ''): Promise<void> {
  const { stored, duplicate, rejected } = counts;
  await print(`${what}stored ${stored}, duplicate ${duplicate}, rejected ${rejected}\n`);
}

/** One JSON map, with each refusal by its line, event or row. */
export async function printTotalsAsJson(totals: object, refusals: Refusals): Promise<void> {
  const rejections = refusals.kept.map(({ place: { unit, number, bucket }, code, message }) => ({
    ...(bucket !== undefined && { bucket }),
    [unit]: number,
    code,
    message,
  }));
  await printJson({ ...totals, rejections });
}
