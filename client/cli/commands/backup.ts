import { Command } from 'commander';
import { resolve } from 'node:path';
import type { BackupOrder, BackupReport } from '../../../shared/messages/backup.ts';
import { orderProcess } from '../backup/order-process.ts';
import { configuredPaths } from '../backup/places.ts';
import { backupEntry } from '../entries.ts';
import { bytesText, plain, print, printJson, table, wholeNumber } from '../output.ts';

interface BackupOptions {
  json?: true;
  force?: true;
}

const HELP = `
A backup is a database file that holds everything there is at the moment it begins, for 'daybook restore' and
'daybook sql --database'. It appears under its name, private, when it has been looked through and is on the disk. The
search index is not in it; it is made anew.

Without a file it goes into the directory persistence.backup_directory, under a name with the time (UTC). For a backup
without being asked, set persistence.backup_interval_hours. The daemon may run or not, and is not held up; its log grows
by what is stored meanwhile. Exits 1 when no good backup was made.`;

export function command(): Command {
  return new Command('backup')
    .description('Make a backup of the database')
    .argument('[file]', 'where to')
    .option('--force', 'replace a file that is there')
    .option('--json', 'as one JSON map')
    .addHelpText('after', HELP)
    .action(async (file: string | undefined, options: BackupOptions) => {
      const { database, backups } = configuredPaths(process.env);
      const order: BackupOrder = {
        databasePath: database,
        file: file === undefined ? undefined : resolve(file),
        directory: backups,
        isReplacing: options.force === true,
        kept: undefined,
      };
      const report = await orderProcess<BackupReport>(backupEntry, order);
      if (options.json) await printJson(report);
      else await print(text(report));
    });
}

function text({ file, bytes, events, last_id: lastId, duration_ms: durationMs }: BackupReport): string {
  return table([
    ['file', plain(file)],
    ['size', bytesText(bytes)],
    ['events', `${wholeNumber(events)}, up to id ${wholeNumber(lastId)}`],
    ['took', `${(durationMs / 1000).toFixed(1)} s`],
  ]);
}
