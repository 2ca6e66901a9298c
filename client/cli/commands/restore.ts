import { Command } from 'commander';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { DaybookError } from '../../../shared/errors.ts';
import type { Existing, RestoreOrder, RestoreReport } from '../../../shared/messages/backup.ts';
import { orderProcess } from '../backup/order-process.ts';
import { configuredPaths } from '../backup/places.ts';
import { restoreEntry } from '../entries.ts';
import { UsageError } from '../exit.ts';
import { plain, print, printJson, table, wholeNumber } from '../output.ts';

interface RestoreOptions {
  json?: true;
  yes?: true;
}

const HELP = `
Only while no daemon runs: 'daybook stop' first, and 'daybook start' afterwards. The file is looked through before anything
changes. A database that is there is set aside whole, never deleted.

What was stored after the backup is a gap then (see 'daybook gaps'), and ids go on behind the highest that was given. In a
place that knows nothing of the backup's history the database gets a new id: positions of consumers elsewhere do not hold
for it any more.`;

export function command(): Command {
  return new Command('restore')
    .description('Put a backup in the place of the database')
    .argument('<file>', "made by 'daybook backup'")
    .option('--yes', 'set a database that is there aside without asking')
    .option('--json', 'as one JSON map')
    .addHelpText('after', HELP)
    .action(async (file: string, options: RestoreOptions) => {
      const { database, dataDirectory } = configuredPaths(process.env);
      const isAgreed = options.yes === true;
      const order: RestoreOrder = { databasePath: database, dataDirectory, file: resolve(file), isAgreed };
      const report = await run(order);
      if (options.json) await printJson(report);
      else await print(text(report));
    });
}

async function run(order: RestoreOrder): Promise<RestoreReport> {
  try {
    return await orderProcess<RestoreReport>(restoreEntry, order, ask);
  } catch (error) {
    if (!(error instanceof DaybookError) || error.code !== 'already_running') throw error;
    throw new Error(`${error.message}; stop it first: daybook stop`, { cause: error });
  }
}

async function ask({ database, last_id: lastId, set_aside: aside }: Existing): Promise<boolean> {
  const known = lastId === null ? 'that cannot be read' : `with ids up to ${wholeNumber(lastId)}`;
  const there = `there is a database ${known} at ${plain(database)}`;
  if (!process.stdin.isTTY) throw new UsageError(`${there}; it is set aside with --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${there}\nit will be kept as ${plain(aside)}; restore? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

function text(report: RestoreReport): string {
  const { database, events, last_id: lastId, ids_after: idsAfter, set_aside: aside, database_id: databaseId } = report;
  return table([
    ['database', plain(database)],
    ['events', `${wholeNumber(events)}, up to id ${wholeNumber(lastId)}`],
    ['next id', wholeNumber(idsAfter + 1)],
    ['database id', databaseId],
    ...(aside === null ? [] : ([['set aside', plain(aside)]] as const)),
  ]);
}
