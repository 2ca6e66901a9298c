import { Command } from 'commander';
import { readSettingFlags } from '../../../shared/config-file.ts';
import { DaybookError } from '../../../shared/errors.ts';
import { UsageError } from '../exit.ts';
import { launchDaemon } from '../launch-daemon.ts';

export function command(): Command {
  return new Command('daemon')
    .description('Run the daemon in the foreground (what the service manager starts)')
    .addHelpText(
      'after',
      '\nPrints one line when it is ready. Ctrl-C or SIGTERM ends it; nothing acknowledged is lost. SIGHUP has it open\n' +
        'its log and read config.json again.\nDAYBOOK_HOME puts everything it has under one directory.',
    )
    .option('--init', 'take the database as it is, or begin a new one, where a missing one is refused')
    .option('--set <key=value>', 'a setting, before the environment and config.json; may be repeated', collect, [])
    .action(({ init = false, set }: { init?: boolean; set: string[] }) => {
      checkSettings(set);
      return launchDaemon([...(init ? ['--init'] : []), ...set.map((assignment) => `--set=${assignment}`)]);
    });
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

/** @throws UsageError */
function checkSettings(assignments: readonly string[]): void {
  try {
    readSettingFlags(assignments);
  } catch (error) {
    throw error instanceof DaybookError ? new UsageError(error.message, { cause: error }) : error;
  }
}
