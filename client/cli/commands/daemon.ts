import { Command } from 'commander';
import { daemonEntry } from '../entries.ts';

export function command(): Command {
  return new Command('daemon')
    .description('Run the daemon in the foreground (what the service manager starts)')
    .addHelpText(
      'after',
      '\nPrints one line when it is ready. Ctrl-C or SIGTERM ends it; nothing acknowledged is lost.\nDAYBOOK_HOME puts everything it has under one directory.',
    )
    .option('--init', 'take the database as it is, or begin a new one, where a missing one is refused')
    .action(({ init = false }: { init?: boolean }) => {
      // The daemon takes this process over, so that whoever started it watches the daemon itself.
      const execve = process.execve?.bind(process);
      if (execve === undefined) throw new Error('this Node cannot replace a process; use Node 24 on macOS or Linux');
      const flags = init ? ['--init'] : [];
      execve(
        process.execPath,
        [process.execPath, '--disable-warning=ExperimentalWarning', daemonEntry, ...flags],
        process.env,
      );
    });
}
