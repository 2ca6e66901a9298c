import { Command } from 'commander';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { StoredEvent } from '../../../shared/event.ts';
import { daybookPaths } from '../../../shared/paths.ts';
import { captureFiles } from '../../capture/files.ts';
import type { Client } from '../../client.ts';
import { sayDamaged } from '../damaged.ts';
import { daemonEntry } from '../entries.ts';
import { exitCodes } from '../exit.ts';
import { openClient } from '../open-client.ts';
import { eventLine, print, wholeNumber } from '../output.ts';

export function command(): Command {
  return new Command('run')
    .description('Try it: daemon, file capture and a live view together, until Ctrl-C')
    .argument('[dir...]', 'directories to watch', ['.'])
    .option('--ignore <name...>', 'names of files and directories to leave out')
    .action(async (directories: string[], options: { ignore?: string[] }) => {
      const daemon = await startDaemon();
      if (daemon === undefined) {
        process.exitCode = exitCodes.failed;
        return;
      }
      const client = await openClient({
        clientName: 'capture-files',
        reconnect: true,
        commitAtOnce: true,
        spool: {},
        patience: 'none',
      });
      try {
        await watch(client, directories, options.ignore ?? [], daemon);
      } catch (error) {
        await client.close({ timeoutMs: 1_000 }).catch(() => undefined);
        daemon.kill('SIGTERM');
        throw error;
      }
    });
}

/** The daemon as a child, once it is ready; undefined when it would not start and has said why. */
async function startDaemon(): Promise<ChildProcess | undefined> {
  // A session of its own: Ctrl-C reaches us alone, and the daemon is asked to stop when the last event is delivered.
  const daemon = spawn(process.execPath, [daemonEntry], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  process.on('exit', () => daemon.kill('SIGTERM'));
  let output = '';
  for await (const chunk of daemon.stdout as AsyncIterable<Buffer>) {
    output += chunk.toString();
    if (output.includes('\n')) {
      await print(output);
      return daemon;
    }
  }
  return undefined;
}

async function watch(
  client: Client,
  directories: string[],
  ignoreNames: string[],
  daemon: ChildProcess,
): Promise<void> {
  const died = once(daemon, 'exit').then(([code]) => `the daemon ended with ${String(code)}`);
  const asked = new Promise<undefined>((resolve) => {
    process.once('SIGINT', () => resolve(undefined));
    process.once('SIGTERM', () => resolve(undefined));
    process.once('SIGHUP', () => resolve(undefined));
  });
  const { dataDirectory, logDirectory } = daybookPaths(process.env);
  const tail = client.tail({ onDamaged: sayDamaged });
  const shown = show(tail);
  const capture = await captureFiles({
    directories,
    ignoreNames,
    // Recording an event changes the database: watching it would never end.
    excludePaths: [dataDirectory, logDirectory],
    record: (event) => client.record(event),
    onProblem: (message) => process.stderr.write(`daybook: ${message}\n`),
  });
  await print(`watching ${directories.join(', ')}: change a file and see it here; Ctrl-C ends\n`);

  const failure = await Promise.race([died, asked]);
  await capture.close();
  if (failure !== undefined) throw new Error(failure);
  await client.flush();
  await tail.return();
  await shown;
  const { stored, dropped, rejected } = client.counters;
  await client.close();
  daemon.kill('SIGTERM');
  await died;
  const lost = dropped + rejected > 0 ? `, ${dropped} dropped, ${rejected} rejected` : '';
  await print(`\n${wholeNumber(stored)} ${stored === 1 ? 'event' : 'events'} stored${lost}\n`);
}

async function show(tail: AsyncIterable<StoredEvent>): Promise<void> {
  for await (const event of tail) await print(eventLine(event));
}
