import { Command } from 'commander';
import type { DatabaseStats } from '../../index.ts';
import { withClient } from '../open-client.ts';
import { bytesText, counted, localTime, plain, print, printJson, table, wholeNumber } from '../output.ts';

/** Types and sources named for people; `--json` names them all. */
const NAMED = 10;

export function command(): Command {
  return new Command('stats')
    .description('How much there is, and how fast it comes')
    .option('--json', 'as one JSON map')
    .action(async (options: { json?: true }) => {
      const stats = await withClient((client) => client.stats());
      if (options.json) {
        await printJson(stats);
        return;
      }
      const { database_stats: database } = stats;
      const span = (time: number | null) => (time === null ? '-' : localTime(time));
      await print(
        table([
          ['events', wholeNumber(database.total_events)],
          ['patterns', wholeNumber(database.total_patterns)],
          ['oldest', span(database.oldest_timestamp)],
          ['newest', span(database.newest_timestamp)],
          ['last hour', wholeNumber(database.recent_events_1h)],
          ['per hour', `${database.events_per_hour.toFixed(1)} (mean of 24 hours)`],
          ['database', `${database.database_size_mb.toFixed(1)} MiB`],
          ['search index', database.index_bytes === undefined ? '-' : bytesText(database.index_bytes)],
          ['kept for', `${stats.retention_days} days`],
          ['removed', removedText(database)],
          ...forgottenRow(database),
          [
            'since start',
            `${wholeNumber(stats.total_stored)} stored, ${wholeNumber(stats.total_duplicate)} duplicate, ${wholeNumber(stats.total_rejected)} rejected`,
          ],
          ['rate', `${stats.events_per_second.toFixed(1)} events/s (mean of 60 seconds)`],
          ['queue', `${counted(stats.queue_size, 'event')} (commit at ${stats.batch_size})`],
        ]),
      );
      await print(`\nby type\n${counts(database.by_type)}\nby source\n${counts(database.by_source)}`);
    });
}

/** What retention has taken, ever. */
function removedText({ retention_removed: removed = 0, retention_removed_at: at = null }: DatabaseStats): string {
  if (removed === 0) return 'nothing yet';
  const when = at === null ? '' : `, last ${localTime(at)}`;
  return `${counted(removed, 'event')} by retention${when}`;
}

/** Only where something was forgotten on request: when and how much, nobody knows what. */
function forgottenRow({ forgotten = 0, forgotten_at: at = null }: DatabaseStats): [string, string][] {
  if (forgotten === 0 || at === null) return [];
  return [['forgotten', `${counted(forgotten, 'event')} on request, last ${localTime(at)}`]];
}

function counts(byName: { [name: string]: number }): string {
  const entries = Object.entries(byName).toSorted(([, a], [, b]) => b - a);
  if (entries.length === 0) return '  none\n';
  const shown = entries.slice(0, NAMED);
  const nameWidth = Math.max(...shown.map(([name]) => plain(name).length));
  const countWidth = Math.max(...shown.map(([, count]) => wholeNumber(count).length));
  const rows = shown.map(
    ([name, count]) => `  ${plain(name).padEnd(nameWidth)}  ${wholeNumber(count).padStart(countWidth)}\n`,
  );
  const rest = entries.length - shown.length;
  return rows.join('') + (rest > 0 ? `  and ${rest} more ('--json' names them all)\n` : '');
}
