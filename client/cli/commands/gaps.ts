import { Command } from 'commander';
import { daybookPaths } from '../../../shared/paths.ts';
import type { Gap } from '../../index.ts';
import { spoolDirectoryOf } from '../../spool/settings.ts';
import { surveySpools } from '../../spool/survey.ts';
import { exitCodes } from '../exit.ts';
import { withClient } from '../open-client.ts';
import { columns, counted, localTime, plain, print, printJson, wholeNumber } from '../output.ts';
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

Exits 0 when nothing is missing, 1 when something is, or still waits in a spool.`,
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
      sayWaiting();
      if (!json) await print(found.length === 0 ? 'nothing is known to be missing\n' : gapsText(found));
    });
}

/** What has not arrived yet is not missing for good, but it is not there. */
function sayWaiting(): void {
  const spools = surveySpools(spoolDirectoryOf(daybookPaths(process.env).socket));
  const waiting = spools.reduce((sum, { events }) => sum + events, 0);
  if (waiting === 0) return;
  process.exitCode = exitCodes.failed;
  process.stderr.write(
    `${counted(waiting, 'recorded event')} ${waiting === 1 ? 'waits' : 'wait'} on disk for the daemon: see daybook spool\n`,
  );
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
  const total = gaps.reduce((sum, { count }) => sum + count, 0);
  const isKnown = gaps.every(({ count }) => count > 0);
  const missing =
    total === 0
      ? 'an unknown number of events are'
      : isKnown
        ? `${counted(total, 'event')} ${total === 1 ? 'is' : 'are'}`
        : `${wholeNumber(total)} or more events are`;
  const heads = ['events', 'from', 'to', 'source', 'producer', 'reason'];
  return `${columns(heads, rows, 'events')}${missing} missing\n`;
}
