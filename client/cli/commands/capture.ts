import { Command } from 'commander';
import { daybookPaths } from '../../../shared/paths.ts';
import { captureFiles } from '../../capture/files.ts';
import { exitCodes } from '../exit.ts';
import { openClient } from '../open-client.ts';
import { print } from '../output.ts';

/** The same each time, so that the next run delivers what this one could not. */
const CLIENT_NAME = 'capture-files';
/** How long the end may take when the daemon is away. */
const CLOSE_MS = 1_000;

export function command(): Command {
  const files = new Command('files')
    .description('Record what happens to the files below some directories, until Ctrl-C')
    .argument('<dir...>', 'directories to watch')
    .option('--ignore <name...>', 'names of files and directories to leave out')
    .action(capture);
  return new Command('capture').description('Built-in capture processes').addCommand(files.exitOverride());
}

async function capture(directories: string[], options: { ignore?: string[] }): Promise<void> {
  const client = await openClient({
    clientName: CLIENT_NAME,
    reconnect: true,
    commitAtOnce: true,
    spool: {},
    patience: 'none',
  });
  const { dataDirectory, logDirectory } = daybookPaths(process.env);
  const running = await captureFiles({
    directories,
    ignoreNames: options.ignore ?? [],
    // Recording an event changes the database: watching it would never end.
    excludePaths: [dataDirectory, logDirectory],
    record: (event) => client.record(event),
    onProblem: (message) => process.stderr.write(`daybook: ${message}\n`),
  });
  await print(`watching ${directories.join(', ')}; Ctrl-C ends\n`);

  const ended = Promise.withResolvers<void>();
  process.once('SIGINT', ended.resolve);
  process.once('SIGTERM', ended.resolve);
  await ended.promise;
  await running.close();
  await client.close({ timeoutMs: CLOSE_MS });
  const { recorded, stored, duplicate, rejected, dropped, spooled } = client.counters;
  const waiting = spooled === 0 ? '' : `; ${spooled} ${spooled === 1 ? 'waits' : 'wait'} in the spool`;
  await print(
    `recorded ${recorded}: stored ${stored}, duplicate ${duplicate}, rejected ${rejected}, dropped ${dropped}${waiting}\n`,
  );
  if (rejected + dropped > 0) process.exitCode = exitCodes.failed;
}
