import { Command } from 'commander';
import { limits } from '../../../shared/limits.ts';
import type { Client } from '../../client.ts';
import { configuredPaths } from '../backup/places.ts';
import { confirm } from '../confirm.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { addFilterOptions } from '../filter-options.ts';
import { backupsOf, copiesBeside, deleteCopies } from '../forget/copies.ts';
import { listForgettings } from '../forget/history.ts';
import { type Found, findSelected } from '../forget/find.ts';
import {
  ELSEWHERE,
  type ForgetReceipt,
  isFailure,
  notReachedFiles,
  notReachedPlaces,
  receiptText,
  typeTable,
} from '../forget/receipt.ts';
import { type Selection, type SelectionOptions, selectionFrom } from '../forget/selection.ts';
import { deliverSpools, notReachedSpools, waitingEvents } from '../forget/spools.ts';
import { withClient } from '../open-client.ts';
import { bytesText, counted, eventLine, print, printJson, Progress, wholeNumber } from '../output.ts';

interface ForgetOptions extends SelectionOptions {
  dryRun?: true;
  yes?: true;
  andCopies?: true;
  thorough?: true;
  list?: true;
  json?: true;
}

export function command(): Command {
  const collect = (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value];
  return addFilterOptions(
    new Command('forget').description('Delete events for good, everywhere, and keep them from coming back'),
  )
    .option('--match <words...>', "what 'daybook search' finds: words; word*; a phrase in quotes; -word; field:word")
    .option('--contains <text>', 'events with this text anywhere, letter by letter; - reads it from stdin')
    .option('--id <id>', 'this event alone (may be repeated)', collect)
    .option('--dry-run', 'say what would go, and change nothing')
    .option('--yes', 'do not ask')
    .option('--and-copies', 'also delete the copies of the database that were set aside beside it')
    .option('--thorough', 'also clear what retention has left: the search index is made anew')
    .option('--list', 'when something was forgotten, and how much; nothing is')
    .option('--json', 'the receipt as one JSON map; with --list one a line')
    .addHelpText(
      'after',
      `
All conditions must hold; at least one is needed. A password is no word: use --contains, and keep it out of the history
of your shell with --contains - (type it, or: pbpaste | daybook forget --contains - --yes).
  daybook forget --match project falcon --since 2026-10-01 --dry-run
  daybook forget --type clipboard --since '10 minutes ago'

What is found when the command begins is forgotten; what arrives later is not. Patterns found at these events go too,
and with --match and --contains those that hold the words or the text. A copy of a forgotten event, from a file or a
client, is refused from then on, for good: what is kept of it is a keyed hash. Exits 1 when something of Daybook's own could not be reached: run it again then.`,
    )
    .action(async (options: ForgetOptions) => {
      const { list, json, ...others } = options;
      if (list) {
        const [other] = Object.keys(others);
        if (other !== undefined) throw new UsageError('--list goes with --json alone');
        await listForgettings(json === true);
        return;
      }
      const selection = await selectionFrom(options);
      await withClient((client) =>
        options.dryRun ? plan(client, selection, options) : run(client, selection, options),
      );
    });
}

async function plan(client: Client, selection: Selection, { json }: ForgetOptions): Promise<void> {
  const found = await findSelected(client, selection);
  const { database } = await client.status();
  const waiting = waitingEvents();
  const copies = copiesBeside(database);
  if (json) {
    const { ids, byType, patternIds, damaged } = found;
    const backups = backupsOf(database, configuredPaths(process.env).backups);
    await printJson({
      events: ids.length,
      by_type: Object.fromEntries(byType),
      patterns: patternIds.length,
      unreadable: damaged.length,
      spool_records_waiting: waiting,
      copies: copies.map(({ path }) => path),
      backups: backups.map(({ path }) => path),
    });
    return;
  }
  await print(foundText(found));
  if (waiting > 0) await print(`${wholeNumber(waiting)} more events wait in spools, and are looked at then\n`);
  if (copies.length > 0) {
    const bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0);
    await print(
      `copies set aside beside the database, for --and-copies: ${copies.length} files, ${bytesText(bytes)}\n`,
    );
  }
}

async function run(client: Client, selection: Selection, options: ForgetOptions): Promise<void> {
  if (options.yes !== true && !process.stdin.isTTY) {
    throw new UsageError(
      'nobody is there to be asked; add --yes to forget without, or --dry-run to see what that would be',
    );
  }
  const spoolRecords = await deliverSpools();
  const found = await findSelected(client, selection);
  const { unfinished } = await client.forget({});
  const { database } = await client.status();
  const copies = options.andCopies ? copiesBeside(database) : [];
  const hasWork = found.ids.length + found.patternIds.length + copies.length > 0 || unfinished || options.thorough;
  if (hasWork && options.yes !== true) {
    process.stderr.write(foundText(found));
    if (copies.length > 0) process.stderr.write(`${copies.length} files that were set aside would go too\n`);
    if (!(await confirm('Forget this for good? Nothing brings it back.', '--yes'))) {
      process.exitCode = exitCodes.failed;
      return;
    }
  }
  const receipt = await forgetFound(client, found, options.thorough === true, hasWork === true);
  receipt.spool_records = spoolRecords;
  deleteCopies(copies);
  receipt.copies_deleted = copies.map(({ path }) => path);
  receipt.not_reached.push(
    ...notReachedSpools(),
    ...found.damaged.map((id) => ({
      what: 'unreadable' as const,
      message: `event ${id} is damaged, so nobody can tell whether it matches; daybook forget --id ${id} forgets it`,
    })),
    ...notReachedFiles('copy', copiesBeside(database)),
    ...notReachedFiles('backup', backupsOf(database, configuredPaths(process.env).backups)),
    ...ELSEWHERE,
  );
  if (receipt.not_reached.some(isFailure)) process.exitCode = exitCodes.failed;
  if (options.json) await printJson(receipt);
  else if (hasWork) await print(receiptText(receipt));
  else await print('nothing found\n');
}

async function forgetFound(
  client: Client,
  { ids, byType, patternIds }: Found,
  thorough: boolean,
  hasWork: boolean,
): Promise<ForgetReceipt> {
  const receipt: ForgetReceipt = {
    events: 0,
    by_type: Object.fromEntries(byType),
    patterns: 0,
    names: 0,
    spool_records: 0,
    tombstones: 0,
    bytes_rewritten: 0,
    copies_deleted: [],
    not_reached: [],
  };
  if (!hasWork) return receipt;
  const progress = new Progress();
  try {
    const parts = [
      ...slices(ids).map((part) => ({ ids: part })),
      ...slices(patternIds).map((part) => ({ patternIds: part })),
    ];
    for (const part of parts) {
      const { events, patterns, names } = await client.forget(part);
      receipt.events += events;
      receipt.patterns += patterns;
      receipt.names += names;
      progress.show(`${wholeNumber(receipt.events)} of ${counted(ids.length, 'event')} forgotten`);
    }
    receipt.tombstones = receipt.events;
    progress.clear();
    if (process.stderr.isTTY) process.stderr.write('clearing what they leave in the files\n');
    const { names, bytesRewritten, left } = await client.forgetTraces({ thorough });
    receipt.names += names;
    receipt.bytes_rewritten = bytesRewritten;
    receipt.not_reached.push(...notReachedPlaces(left));
  } finally {
    progress.clear();
  }
  return receipt;
}

function slices(ids: readonly number[]): number[][] {
  const count = Math.ceil(ids.length / limits.idsPerMark);
  return Array.from({ length: count }, (_, index) =>
    ids.slice(index * limits.idsPerMark, (index + 1) * limits.idsPerMark),
  );
}

function foundText({ ids, byType, shown, patternIds, damaged }: Found): string {
  const rest = ids.length - shown.length;
  return [
    `${counted(ids.length, 'event')}, ${counted(patternIds.length, 'pattern')}\n`,
    typeTable(byType),
    ...(shown.length > 0 ? ['\n', ...shown.map(eventLine)] : []),
    ...(rest > 0 && shown.length > 0 ? [`and ${wholeNumber(rest)} more\n`] : []),
    ...(damaged.length > 0 ? [`${counted(damaged.length, 'event')} cannot be read\n`] : []),
  ].join('');
}
