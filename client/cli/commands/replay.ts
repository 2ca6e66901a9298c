import { Command } from 'commander';
import { resolve } from 'node:path';
import type { StoredEvent } from '../../../shared/event.ts';
import type { Client } from '../../client.ts';
import type { Replay, ReplayOptions } from '../../replay.ts';
import { sayDamaged } from '../damaged.ts';
import { exitCodes, UsageError } from '../exit.ts';
import { addFilterOptions, filterFrom, type FilterOptions, positiveNumber, rowLimit } from '../filter-options.ts';
import { Submission } from '../import/submission.ts';
import { printCounts, printTotalsAsJson, sayRefusals } from '../import/totals.ts';
import { openClient, withClient } from '../open-client.ts';
import { eventLine, print } from '../output.ts';

interface ReplayCommandOptions extends FilterOptions {
  speed: string;
  to: string;
  limit: string;
  cursor?: string;
  json?: true;
}

const DAEMON = 'daemon:';

export function command(): Command {
  return addFilterOptions(
    new Command('replay').description('Stored events again, in the order and at the pace in which they happened'),
  )
    .option('--speed <speed>', "times the original pace: 0.5, 1, 10, or 'max' for no waiting", '1')
    .option('--to <target>', `stdout, or ${DAEMON}SOCKET to record them there`, 'stdout')
    .option('--limit <n>', "how many, or 'all'", 'all')
    .option('--cursor <cursor>', 'go on where an earlier replay with the same filters was interrupted')
    .option('--json', 'one JSON map a line; to another daemon: the totals as JSON')
    .addHelpText(
      'after',
      `
Ctrl-Z pauses it, fg goes on. Ctrl-C ends it, and it says with which --cursor to go on. Recording events in a daemon that
has them already changes nothing there.`,
    )
    .action(async (options: ReplayCommandOptions) => {
      const speed = options.speed === 'max' ? 'max' : positiveNumber('--speed', options.speed);
      const limit = rowLimit(options.limit);
      const filter = await filterFrom(options);
      const socketPath = targetSocket(options.to);
      const target = socketPath === undefined ? undefined : await openClient({ socketPath, reconnect: true });
      try {
        await withClient(
          async (client) => {
            const { cursor } = options;
            const query: ReplayOptions = {
              ...filter,
              speed,
              limit,
              onDamaged: sayDamaged,
              ...(cursor !== undefined && { cursor }),
            };
            const replay = client.replay(query);
            if (target === undefined) await toStdout(replay, options.json === true);
            else await toDaemon(replay, target, options.json === true);
          },
          { reconnect: true },
        );
      } finally {
        await target?.close();
      }
    });
}

/** The socket of another daemon; undefined for standard output. @throws UsageError */
function targetSocket(target: string): string | undefined {
  if (target === 'stdout') return undefined;
  if (!target.startsWith(DAEMON) || target === DAEMON) throw new UsageError(`--to must be stdout or ${DAEMON}SOCKET`);
  return resolve(target.slice(DAEMON.length));
}

async function toStdout(replay: Replay, json: boolean): Promise<void> {
  const lineOf = json ? (event: StoredEvent) => `${JSON.stringify(event)}\n` : eventLine;
  await run(replay, (events) => print(events.map(lineOf).join('')));
}

async function toDaemon(replay: Replay, target: Client, json: boolean): Promise<void> {
  const submission = new Submission(target);
  const { counts, refusals } = submission;
  try {
    await run(replay, async (events) => {
      for (const { id, type, source, timestamp, action, data } of events) {
        const place = { unit: 'event', number: id } as const;
        await submission.add({ place, event: { type, source, timestamp, action, data }, bytes: 0 });
      }
      await submission.finish();
    });
  } finally {
    if (json) await printTotalsAsJson(counts, refusals);
    else {
      sayRefusals(refusals);
      await printCounts(counts);
    }
    if (refusals.count > 0) process.exitCode ??= exitCodes.failed;
  }
}

/** Hands every event to `take`. Says how to go on when it does not come to the end. */
async function run(replay: Replay, take: (events: readonly StoredEvent[]) => Promise<void>): Promise<void> {
  let isComplete = false;
  let isStopped = false;
  for (const [signal, exitCode] of [['SIGINT', 130] as const, ['SIGTERM', 143] as const]) {
    process.once(signal, () => {
      isStopped = true;
      process.exitCode = exitCode;
      void replay.return();
    });
  }
  let { cursor } = replay;
  try {
    for (let events = await replay.nextGroup(); events.length > 0; events = await replay.nextGroup()) {
      await take(events);
      cursor = replay.cursor;
    }
    isComplete = !isStopped;
  } finally {
    if (!isComplete && cursor !== undefined) process.stderr.write(`go on with --cursor ${cursor}\n`);
  }
}
