import { Command } from 'commander';
import { mkdirSync } from 'node:fs';
import { daybookPaths } from '../../../shared/paths.ts';
import { awaitReady } from '../await-ready.ts';
import { print } from '../output.ts';
import { thisService } from '../service.ts';

export function command(): Command {
  return new Command('install')
    .description('Run the daemon from now on and at every login (LaunchAgent on macOS, systemd user unit on Linux)')
    .addHelpText('after', '\nMay be repeated: it repairs what was moved or edited.')
    .action(async () => {
      // Where the service manager puts what the daemon prints must be there before it starts it.
      mkdirSync(daybookPaths(process.env).logDirectory, { recursive: true, mode: 0o700 });
      const { definitionPath, outcome, changes, warnings } = await thisService().install();
      await print(`${definitionPath}: ${outcome}${changes.length > 0 ? ` (${changes.join(', ')})` : ''}\n`);
      for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
      await awaitReady();
    });
}
