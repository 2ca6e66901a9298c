import { Command } from 'commander';
import { withClient } from '../open-client.ts';
import { bytesText, print, printJson } from '../output.ts';

export function command(): Command {
  return new Command('vacuum')
    .description('Give free pages of the database back to the file system')
    .option('--full', 'write the whole file anew, compactly; nothing is stored meanwhile')
    .option('--json', 'as one JSON map')
    .addHelpText(
      'after',
      `
Without --full it is done in small steps, and others do not notice. Retention does it after each run by itself.

With --full nothing is stored for some seconds a GiB; senders wait, and nothing is lost. For a while it takes twice the
room of what is stored, and is refused where that is not there. Worth it when much was removed here and there, so that
the pages that are left are half empty. Whatever ends it leaves the database as it was.`,
    )
    .action(async (options: { full?: true; json?: true }) => {
      const full = options.full === true;
      if (full && process.stderr.isTTY) process.stderr.write('nothing is stored until this has ended\n');
      const outcome = await withClient((client) => client.vacuum({ full }));
      if (options.json) {
        await printJson(outcome);
        return;
      }
      const { freed_bytes: freed, blocked_seconds: seconds } = outcome;
      const smaller = freed === 0 ? 'there was nothing to give back' : `the file is ${bytesText(freed)} smaller`;
      await print(`${smaller}${full ? `; nothing was stored for ${seconds.toFixed(1)} s` : ''}\n`);
    });
}
