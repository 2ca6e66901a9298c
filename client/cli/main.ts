/** The command line: finds the command, runs it, and turns what went wrong into a message and an exit code. */
import { Command, CommanderError } from 'commander';
import { daybookVersion } from '../../shared/protocol-version.ts';
import { exitCodes, reportError } from './exit.ts';

/** Each command is a module of its own, loaded when it is asked for. */
const commands = new Map<string, () => Promise<{ command: () => Command }>>([
  ['run', () => import('./commands/run.ts')],
  ['daemon', () => import('./commands/daemon.ts')],
  ['install', () => import('./commands/install.ts')],
  ['uninstall', () => import('./commands/uninstall.ts')],
  ['start', () => import('./commands/start.ts')],
  ['stop', () => import('./commands/stop.ts')],
  ['restart', () => import('./commands/restart.ts')],
  ['status', () => import('./commands/status.ts')],
  ['send', () => import('./commands/send.ts')],
  ['ingest', () => import('./commands/ingest.ts')],
  ['import', () => import('./commands/import.ts')],
  ['capture', () => import('./commands/capture.ts')],
  ['list', () => import('./commands/list.ts')],
  ['count', () => import('./commands/count.ts')],
  ['histogram', () => import('./commands/histogram.ts')],
  ['search', () => import('./commands/search.ts')],
  ['tail', () => import('./commands/tail.ts')],
  ['mark-processed', () => import('./commands/mark-processed.ts')],
  ['forget', () => import('./commands/forget.ts')],
  ['patterns', () => import('./commands/patterns.ts')],
  ['samples', () => import('./commands/samples.ts')],
  ['cursors', () => import('./commands/cursors.ts')],
  ['replay', () => import('./commands/replay.ts')],
  ['export', () => import('./commands/export.ts')],
  ['sql', () => import('./commands/sql.ts')],
  ['gaps', () => import('./commands/gaps.ts')],
  ['stats', () => import('./commands/stats.ts')],
  ['dashboard', () => import('./commands/dashboard.ts')],
  ['sources', () => import('./commands/sources.ts')],
  ['spool', () => import('./commands/spool.ts')],
  ['backup', () => import('./commands/backup.ts')],
  ['restore', () => import('./commands/restore.ts')],
  ['retention', () => import('./commands/retention.ts')],
  ['du', () => import('./commands/du.ts')],
  ['vacuum', () => import('./commands/vacuum.ts')],
  ['verify', () => import('./commands/verify.ts')],
  ['doctor', () => import('./commands/doctor.ts')],
  ['logs', () => import('./commands/logs.ts')],
  ['config', () => import('./commands/config.ts')],
  ['completions', () => import('./commands/completions.ts')],
]);

// `daybook list | head` is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.ok);
  throw error;
});

const program = new Command('daybook')
  .description('The durable memory of this computer: record events, and ask about them.')
  .version(daybookVersion)
  .exitOverride()
  .showHelpAfterError("('daybook --help' lists the commands, 'daybook COMMAND --help' explains one)");

try {
  const [, , name = '', argument] = process.argv;
  // What completes all commands has to see them.
  const asked = name === 'completions' && argument !== 'values' ? undefined : commands.get(name);
  for (const load of asked === undefined ? commands.values() : [asked]) {
    const module = await load();
    program.addCommand(module.command().exitOverride());
  }
  await program.parseAsync();
} catch (error) {
  // commander has said it already.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  else process.exitCode = await reportError(error);
}
