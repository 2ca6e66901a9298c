import { Command, Option } from 'commander';
import { configuredPaths } from '../backup/places.ts';
import type { DatabaseUsage, NameUsage } from '../du/database-usage.ts';
import { type FileUsage, fileUsage } from '../du/file-usage.ts';
import { spoolDirectoryOf } from '../../spool/settings.ts';
import { bytesText, columns, plain, print, printJson, table, wholeNumber } from '../output.ts';
import { sqlFailure } from '../sql/sql-failure.ts';

interface DuOptions {
  by: 'type' | 'source';
  json?: true;
}

interface DiskUsage extends DatabaseUsage {
  files: FileUsage;
  total: number;
}

/** Names shown to people; `--json` names them all. */
const NAMED = 30;

export function command(): Command {
  return new Command('du')
    .description('What takes the room on the disk')
    .addOption(new Option('--by <what>', 'events by type or source').choices(['type', 'source']).default('type'))
    .option('--json', 'as one JSON map')
    .addHelpText(
      'after',
      `
Payloads ("data") are exact; "disk" adds to them the mean of what an event takes in rows and indexes, without the search
index. Looks at every page of the database, in this process: 2 s for ten million events. The daemon may run or not.`,
    )
    .action(async (options: DuOptions) => {
      const usage = await look(options.by);
      if (options.json) await printJson(usage);
      else await print(text(usage, options.by));
    });
}

/** @throws DaybookError when there is no database, or it cannot be read */
async function look(by: DuOptions['by']): Promise<DiskUsage> {
  const { database, backups, socket } = configuredPaths(process.env);
  const spools = spoolDirectoryOf(socket);
  // Loaded only here: early versions of Node 24 warn about node:sqlite.
  const [{ openDatabase }, { databaseUsage }] = await Promise.all([
    import('../sql/open-database.ts'),
    import('../du/database-usage.ts'),
  ]);
  const { db, checkUnchanged } = openDatabase(database);
  try {
    const usage = databaseUsage(db, by);
    checkUnchanged();
    const files = fileUsage({ database, backups, spools });
    return { ...usage, files, total: Object.values(files).reduce((sum: number, bytes: number) => sum + bytes, 0) };
  } catch (error) {
    // What looks like damage may be a change.
    checkUnchanged();
    throw sqlFailure(error, database);
  } finally {
    db.close();
  }
}

function text({ by: names, pages, files, total }: DiskUsage, by: DuOptions['by']): string {
  // Those in the log are among them.
  const ofPages = Object.values(pages).reduce((sum: number, bytes: number) => sum + bytes, 0);
  const row = ({ name, events, data_bytes: data, bytes }: NameUsage) => [
    plain(name),
    wholeNumber(events),
    bytesText(data),
    bytesText(bytes),
    `${((100 * bytes) / Math.max(ofPages, 1)).toFixed(1)} %`,
  ];
  const heads = [by, 'events', 'data', 'disk', 'share'];
  const more = names.length > NAMED ? `and ${names.length - NAMED} more ('--json' names them all)\n` : '';
  const rest = files.database - ofPages;
  const ofNames =
    names.length === 0
      ? 'no events\n'
      : columns(heads, names.slice(0, NAMED).map(row), 'events data disk share') + more;
  return `${ofNames}
${table([
  ['database', bytesText(files.database)],
  ['  events', bytesText(pages.rows)],
  ['  their indexes', bytesText(pages.indexes)],
  ['  other tables', bytesText(pages.other + pages.map)],
  ['  free pages', `${bytesText(pages.free)}${pages.free > 0 ? ' (daybook vacuum gives them back)' : ''}`],
  ...(rest < 0 ? [['  of that in the log', `${bytesText(-rest)}, for now`] as const] : []),
  ...(rest > 0 ? [['  to be cut off', `${bytesText(rest)} (when the log is folded in)`] as const] : []),
  ['log', bytesText(files.log)],
  ['search index', bytesText(files.search)],
  ['beside them', bytesText(files.beside)],
  ['backups', bytesText(files.backups)],
  ['spools', bytesText(files.spools)],
  ['total', bytesText(total)],
])}`;
}
