import { Command } from 'commander';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { daybookPaths } from '../../../shared/paths.ts';
import { UsageError } from '../exit.ts';
import { changesOf } from '../logs/changes.ts';
import { type LogEntry, logEntryText, parseLogEntry } from '../logs/log-entry.ts';
import { LogFiles } from '../logs/log-files.ts';
import { print } from '../output.ts';
import { parseTime } from '../parse-time.ts';

interface LogsOptions {
  follow?: true;
  since?: string;
  lines?: string;
  json?: true;
}

interface Line {
  text: string;
  entry: LogEntry | undefined;
}

const DEFAULT_LINES = 100;

export function command(): Command {
  return new Command('logs')
    .description("What the daemon says about itself: its log, oldest first. Events' content is never in it")
    .option('-f, --follow', 'go on with what is written, through rotations, until Ctrl-C')
    .option('--since <time>', "from this time on: '2h ago', 'yesterday 15:00', …")
    .option('-n, --lines <n>', `the newest so many (${DEFAULT_LINES}, or all with --since)`)
    .option('--json', 'the lines as they are, JSON maps')
    .addHelpText(
      'after',
      '\nWhat a daemon says that does not start is elsewhere: beside this log in daemon.err.log (macOS), or in\n' +
        "'journalctl --user --unit daybook' (Linux).",
    )
    .action(showLogs);
}

async function showLogs(options: LogsOptions): Promise<void> {
  const count = linesFrom(options);
  const since = options.since === undefined ? undefined : await parseTime(options.since);
  const { log } = daybookPaths(process.env);
  if (!existsSync(options.follow ? dirname(log) : log)) {
    throw new Error(`there is no log yet at ${log}; the daemon makes one when it first runs`);
  }
  const files = new LogFiles(log);
  const isWanted = ({ entry }: Line) => since === undefined || (entry !== undefined && entry.time >= since);
  try {
    let newest: Line[] = [];
    for (let lines = files.read(); lines !== undefined; lines = files.read()) {
      newest.push(...lines.map(lineOf).filter(isWanted));
      if (newest.length > count) newest = newest.slice(newest.length - count);
    }
    const show = async (lines: readonly Line[]) => {
      for (const line of lines) await print(textOf(line, options.json === true));
    };
    await show(count === 0 ? [] : newest);
    if (options.follow) await follow(files, log, (lines) => show(lines.filter(isWanted)));
  } finally {
    files.close();
  }
}

async function follow(files: LogFiles, path: string, show: (lines: Line[]) => Promise<void>): Promise<void> {
  const end = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => end.abort());
  for await (const _ of changesOf(path, end.signal)) {
    for (let lines = files.read(); lines !== undefined; lines = files.read()) await show(lines.map(lineOf));
    if (!files.isIncomplete) continue;
    files.isIncomplete = false;
    process.stderr.write('daybook: the log was rotated faster than it was read; some of it is not shown\n');
  }
}

/** @throws UsageError */
function linesFrom({ lines, since }: LogsOptions): number {
  if (lines === undefined) return since === undefined ? DEFAULT_LINES : Number.POSITIVE_INFINITY;
  const count = Number(lines);
  if (lines.trim() === '' || !Number.isSafeInteger(count) || count < 0) {
    throw new UsageError('--lines must be a whole number, 0 or more');
  }
  return count;
}

function lineOf(text: string): Line {
  return { text, entry: parseLogEntry(text) };
}

function textOf({ text, entry }: Line, asJson: boolean): string {
  if (entry === undefined) return asJson ? '' : `(${Buffer.byteLength(text)} bytes that the daemon has not written)\n`;
  return asJson ? `${text}\n` : logEntryText(entry);
}
