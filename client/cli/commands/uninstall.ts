import { Command } from 'commander';
import { daybookPaths } from '../../../shared/paths.ts';
import { print } from '../output.ts';
import { thisService } from '../service.ts';

export function command(): Command {
  return new Command('uninstall')
    .description('Stop the daemon and remove the service; your events stay')
    .action(async () => {
      const { definitionPath, removed } = await thisService().uninstall();
      await print(removed ? `removed ${definitionPath}\n` : `nothing to remove: there is no ${definitionPath}\n`);
      await print(`your events are still in ${daybookPaths(process.env).database}\n`);
    });
}
