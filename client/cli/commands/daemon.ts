import { Command } from 'commander';
import { launchDaemon } from '../launch-daemon.ts';

export function command(): Command {
  return new Command('daemon')
    .description('Run the daemon in the foreground (what the service manager starts)')
    .addHelpText(
      'after',
      '\nPrints one line when it is ready. Ctrl-C or SIGTERM ends it; nothing acknowledged is lost.\nDAYBOOK_HOME puts everything it has under one directory.',
    )
    .option('--init', 'take the database as it is, or begin a new one, where a missing one is refused')
    .action(({ init = false }: { init?: boolean }) => launchDaemon(init));
}
