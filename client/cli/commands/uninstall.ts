import { Command } from 'commander';
import { effectiveSettings } from '../../../shared/effective-settings.ts';
import { readConfigFile, readSettingVariables } from '../../../shared/config-file.ts';
import { type DaybookPaths, daybookPaths } from '../../../shared/paths.ts';
import { UsageError } from '../exit.ts';
import { bytesText, columns, plain, print } from '../output.ts';
import { isConfirmed } from '../purge/ask.ts';
import { type Belonging, belongingsOf, discard, removeEmptied } from '../purge/belongings.ts';
import { cacheDirectory } from '../purge/cache-directory.ts';
import { holdLocks } from '../purge/hold-locks.ts';
import { refuseForeignDaemon } from '../service-life/foreign-daemon.ts';
import { thisService } from '../service.ts';

interface UninstallOptions {
  purge?: true;
  yes?: true;
}

export function command(): Command {
  return new Command('uninstall')
    .description('Stop the daemon and remove the service; your events stay')
    .option('--purge', 'delete events, backups in the data directory, spools, configuration and logs too; asks first')
    .option('--yes', 'with --purge: do not ask')
    .addHelpText(
      'after',
      '\nLinks are removed, never followed. Backups elsewhere stay. Exits 1 when a daemon that is not the service uses the\n' +
        'files, 2 when there is no terminal to ask on and no --yes.',
    )
    .action(uninstall);
}

async function uninstall({ purge, yes }: UninstallOptions): Promise<void> {
  if (yes && !purge) throw new UsageError('--yes is for --purge; without that nothing is asked');
  if (purge) await uninstallAndPurge(yes === true);
  else {
    await removeService();
    await print(`your events are still in ${placesToPurge().database}\n`);
  }
}

async function removeService(): Promise<void> {
  const { definitionPath, removed } = await thisService().uninstall();
  await print(removed ? `removed ${definitionPath}\n` : `nothing to remove: there is no ${definitionPath}\n`);
}

async function uninstallAndPurge(isSure: boolean): Promise<void> {
  await refuseForeignDaemon(thisService());
  const paths = placesToPurge();
  const belongings = belongingsOf(paths, cacheDirectory(process.env));
  if (belongings.length > 0) {
    await print(listText(belongings));
    if (!isSure) await askWhetherSure();
  }
  await removeService();
  const free = holdLocks(paths);
  try {
    // What the daemon wrote while it stopped is there now, too.
    for (const belonging of belongingsOf(paths, cacheDirectory(process.env))) discard(belonging);
  } finally {
    free();
  }
  const left = removeEmptied([paths.dataDirectory, paths.configDirectory, paths.logDirectory]);
  await print(belongings.length === 0 ? 'there is nothing to delete\n' : 'deleted\n');
  for (const path of left) await print(`left: ${plain(path)} (not made by Daybook)\n`);
}

/** @throws UsageError without a terminal; Error when the answer is no */
async function askWhetherSure(): Promise<void> {
  if (!process.stdin.isTTY) {
    throw new UsageError('--purge asks before it deletes, and there is no terminal; add --yes if you are sure');
  }
  if (await isConfirmed('Delete all of this for good, and remove the service? yes or no: ')) return;
  throw new Error('nothing was deleted, and the service is as it was');
}

/** A configuration that is refused does not keep anybody from removing it. */
function placesToPurge(): DaybookPaths {
  const paths = daybookPaths(process.env);
  try {
    const sources = { environment: readSettingVariables(process.env), file: readConfigFile(paths.config) };
    const { 'persistence.database_path': database = paths.database } = effectiveSettings(sources).values;
    return { ...paths, database };
  } catch {
    return paths;
  }
}

function listText(belongings: readonly Belonging[]): string {
  const rows = belongings.map(({ path, kind, bytes, target }) => [
    kind === 'link' ? 'link' : bytesText(bytes),
    plain(path) +
      (kind === 'directory' ? '/' : '') +
      (target === undefined ? '' : ` (what it leads to stays: ${plain(target)})`),
  ]);
  const bytes = belongings.reduce((sum, each) => sum + each.bytes, 0);
  return columns(['size', 'path'], [...rows, [bytesText(bytes), 'in all']], 'size');
}
