import { Command } from 'commander';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { daybookPaths } from '../../../shared/paths.ts';
import { captureFiles } from '../../capture/files.ts';
import type { Client } from '../../client.ts';
import { daemonEntry } from '../entries.ts';
import { exitCodes } from '../exit.ts';
import { openClient } from '../open-client.ts';
import { eventLine, print } from '../output.ts';

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
      const client = await openClient({ clientName: 'daybook run', reconnect: true, commitAtOnce: true });
      await watch(client, directories, options.ignore ?? [], daemon);
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
  const { dataDirectory, logDirectory } = daybookPaths(process.env);
  const capture = await captureFiles({
    directories,
    ignoreNames,
    excludePaths: [dataDirectory, logDirectory],
    record: (event) => client.record(event),
    onProblem: (message) => process.stderr.write(`daybook: ${message}\n`),
  });
  await print(`watching ${directories.join(', ')}: change a file and see it here; Ctrl-C ends\n`);

  const tail = client.tail();
  const stop = async () => {
    await capture.close();
    await client.flush();
    const { stored, dropped, rejected } = client.counters;
    await tail.return();
    await client.close();
    daemon.kill('SIGTERM');
    if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, 'exit');
    await print(
      `\n${stored} events stored${dropped + rejected > 0 ? `, ${dropped} dropped, ${rejected} rejected` : ''}\n`,
    );
    process.exit(exitCodes.ok);
  };
  process.once('SIGINT', () => void stop());
  process.once('SIGTERM', () => void stop());
  daemon.once('exit', (code) => {
    process.stderr.write(`daybook: the daemon ended with ${code}; see 'daybook status'\n`);
    process.exit(exitCodes.failed);
  });
  process.once('SIGINT', () => daemon.removeAllListeners('exit'));
  process.once('SIGTERM', () => daemon.removeAllListeners('exit'));

  for await (const event of tail) await print(eventLine(event));
}
