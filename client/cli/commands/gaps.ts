import { Command } from 'commander';
import type { Gap } from '../../index.ts';
import { exitCodes } from '../exit.ts';
import { withClient } from '../open-client.ts';
import { localTime, paint, plain, print, printJson, wholeNumber } from '../output.ts';
import { parseTime } from '../parse-time.ts';

interface GapsOptions {
  since?: string;
  source?: string;
  json?: true;
}

export function command(): Command {
  return new Command('gaps')
    .description('Whether the history is complete, and what is known to be missing')
    .option('--since <time>', 'only what is missing from this time on')
    .option('--source <source>', 'only what may be of this source')
    .option('--json', 'one JSON map a line')
    .addHelpText(
      'after',
      `
Reasons:
  missing             a producer numbered these events, and they have not come (they may still, from its spool)
  rejected: CODE      the daemon refused them
  spool_full, …       the producer had to drop them, and said so
  lost_after_commit   they were acknowledged, and the database has them no more
  damaged             they were in a part of the database that could not be read any more

Exits 0 when nothing is missing, 1 when something is.`,
    )
    .action(async ({ since, source, json }: GapsOptions) => {
      const query = {
        ...(since !== undefined && { since: await parseTime(since) }),
        ...(source !== undefined && { source }),
      };
      const found = await withClient(async (client) => {
        const gaps: Gap[] = [];
        for await (const gap of client.gaps(query)) {
          gaps.push(gap);
          if (json) await printJson(gap);
        }
        return gaps;
      });
      if (found.length > 0) process.exitCode = exitCodes.failed;
      if (!json) await print(found.length === 0 ? 'nothing is known to be missing\n' : gapsText(found));
    });
}

function gapsText(gaps: readonly Gap[]): string {
  const rows = gaps.map(({ count, source, producer, since, until, reason }) => [
    count === 0 ? 'unknown' : wholeNumber(count),
    localTime(since),
    localTime(until),
    plain(source ?? '-'),
    plain(producer ?? '-'),
    plain(reason),
  ]);
  const head = ['events', 'from', 'to', 'source', 'producer', 'reason'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]) =>
    `${cells
      .map((cell, column) => (column === 0 ? cell.padStart(widths[0] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()}\n`;
  const total = gaps.reduce((sum, { count }) => sum + count, 0);
  const unknown = gaps.some(({ count }) => count === 0) ? ' at least' : '';
  return `${paint('dim', line(head))}${rows.map(line).join('')}${wholeNumber(total)} events${unknown} are missing\n`;
}
