import { Command } from 'commander';
import type { Client } from '../../client.ts';
import { confirm } from '../confirm.ts';
import { withClient } from '../open-client.ts';
import { bytesText, durationText, print, printJson } from '../output.ts';

const MiB = 1024 * 1024;
/** Writing the file anew takes so long a GiB on an ordinary disk. */
const SECONDS_PER_GIB = 7;
/** Senders do not notice less. */
const UNASKED_SECONDS = 3;

export function command(): Command {
  return new Command('vacuum')
    .description('Give free pages of the database back to the file system')
    .option('--full', 'write the whole file anew, compactly; nothing is stored meanwhile')
    .option('--yes', 'do not ask')
    .option('--json', 'as one JSON map')
    .addHelpText(
      'after',
      `
Without --full it is done in small steps, and others do not notice. Retention does it after each run by itself.

With --full nothing is stored for some seconds a GiB: how long is said before, and asked about when it is more than three
seconds. Senders wait, and nothing is lost. For a while it takes twice the room of what is stored, and is refused where
that is not there. Worth it when much was removed here and there, so that
the pages that are left are half empty. Whatever ends it leaves the database as it was.`,
    )
    .action((options: { full?: true; yes?: true; json?: true }) => withClient((client) => vacuum(client, options)));
}

async function vacuum(client: Client, options: { full?: true; yes?: true; json?: true }): Promise<void> {
  const full = options.full === true;
  if (full && !(await isWanted(client, options.yes === true))) return;
  const outcome = await client.vacuum({ full });
  if (options.json) {
    await printJson(outcome);
    return;
  }
  const { freed_bytes: freed, blocked_seconds: seconds } = outcome;
  const smaller = freed === 0 ? 'there was nothing to give back' : `the file is ${bytesText(freed)} smaller`;
  await print(`${smaller}${full ? `; nothing was stored for ${seconds.toFixed(1)} s` : ''}\n`);
}

/** Says for how long nothing will be stored, and asks when that is long. @throws UsageError */
async function isWanted(client: Client, isAnswered: boolean): Promise<boolean> {
  const { database_size_mb: sizeMb } = (await client.stats()).database_stats;
  const seconds = Math.ceil((sizeMb / 1024) * SECONDS_PER_GIB);
  const isLong = seconds > UNASKED_SECONDS;
  if (isLong || process.stderr.isTTY) {
    const howLong = isLong ? `for about ${durationText(seconds)}` : 'for a moment';
    process.stderr.write(
      `the database has ${bytesText(sizeMb * MiB)}: nothing is stored ${howLong}, and senders wait\n`,
    );
  }
  return !isLong || isAnswered || confirm('Write it anew now?', '--yes');
}
