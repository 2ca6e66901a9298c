/** Tables for people: of a terminal, and of the README. */
import type { FigureResult, Results, TargetResult } from './results.ts';
import { withUnit } from './results.ts';

/** Three digits that say something, and whole numbers from 1,000 on. */
export function numberText(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

/** Columns of text, those on the left aligned left. */
export function aligned(rows: readonly (readonly string[])[], leftColumns = 1): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const cellText = (cell: string, column: number) =>
    column < leftColumns ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(cellText).join('  ').trimEnd()).join('\n');
}

export function targetTable(targets: readonly TargetResult[]): string {
  return aligned([['target', 'wanted', 'result', 'min - max', ''], ...targets.map(targetCells)]);
}

export function figureTable(figures: readonly FigureResult[]): string {
  const rows = figures.map(({ trial, figure, unit, ...spread }) => [
    trial,
    figure,
    unit,
    ...[spread.median, spread.min, spread.max].map(numberText),
  ]);
  return aligned([['trial', 'figure', 'unit', 'median', 'min', 'max'], ...rows], 3);
}

/** The table of targets and the events per second behind it, as Markdown. */
export function markdown({ targets, figures, machine, date, rounds }: Results): string {
  const { cpu, cores, memoryGiB, system, node, sqlite, redis, nats } = machine;
  const peers = [redis === undefined ? '' : `, Redis ${redis}`, nats === undefined ? '' : `, NATS ${nats}`].join('');
  const rates = figures.filter(({ figure }) => figure === 'eventsPerSecond');
  return [
    `${date.slice(0, 10)}, ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, Node ${node}, SQLite ${sqlite}${peers}.`,
    `Median of ${rounds} rounds, except for what takes minutes.`,
    '',
    '| | wanted | result | min - max | |',
    '|---|---:|---:|---:|---|',
    ...targets.map((target) => `| ${targetCells(target).join(' | ')} |`),
    '',
    '| events a second | median | min - max |',
    '|---|---:|---:|',
    ...rates.map((rate) => `| ${rate.trial} | ${numberText(rate.median)} | ${range(rate.min, rate.max)} |`),
  ].join('\n');
}

function targetCells({ what, wanted, unit, median, min, max, isMet }: TargetResult): string[] {
  if (median === undefined || min === undefined || max === undefined) return [what, wanted, '-', '-', 'not measured'];
  const verdict = isMet === undefined ? '' : isMet ? 'met' : 'not met';
  return [what, wanted, withUnit(numberText(median), unit), range(min, max), verdict];
}

function range(min: number, max: number): string {
  return `${numberText(min)} - ${numberText(max)}`;
}
