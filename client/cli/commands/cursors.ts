import { Command } from 'commander';
import type { NamedCursor } from '../../index.ts';
import { exitCodes } from '../exit.ts';
import { withClient } from '../open-client.ts';
import { columns, localTime, plain, print, printJson, wholeNumber } from '../output.ts';

export function command(): Command {
  const remove = new Command('delete')
    .description('Forget how far a consumer has come')
    .argument('<name>', 'of the cursor')
    .addHelpText('after', '\nExits 1 when there is no such cursor, or a tail uses it.')
    .action(async (name: string) => {
      const isDeleted = await withClient((client) => client.deleteCursor(name));
      if (isDeleted) return;
      process.stderr.write(`daybook: there is no cursor ${plain(JSON.stringify(name))}\n`);
      process.exitCode = exitCodes.failed;
    });
  return new Command('cursors')
    .description("How far the consumers of 'tail --cursor-name' have come")
    .option('--json', 'one JSON map a line')
    .action(async (options: { json?: true }) => {
      const { cursors, lastId } = await withClient(async (client) => ({
        cursors: await client.cursors(),
        lastId: (await client.status()).last_id,
      }));
      if (options.json) for (const cursor of cursors) await printJson(cursor);
      else await print(cursors.length === 0 ? 'there are no cursors\n' : tableOf(cursors, lastId));
    })
    .addCommand(remove.exitOverride());
}

function tableOf(cursors: readonly NamedCursor[], lastId: number): string {
  const rows = cursors.map(({ name, id, updated, inUse }) => [
    plain(name),
    wholeNumber(id),
    wholeNumber(Math.max(lastId - id, 0)),
    localTime(updated),
    inUse ? 'yes' : 'no',
  ]);
  return columns(['cursor', 'event', 'behind', 'moved', 'followed'], rows, 'event behind');
}
