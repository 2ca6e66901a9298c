import { Command } from 'commander';
import { daybookPaths } from '../../../shared/paths.ts';
import { awaitReady } from '../service-life/await-ready.ts';
import { refuseForeignDaemon } from '../service-life/foreign-daemon.ts';
import { thisService } from '../service.ts';

export function command(): Command {
  return new Command('restart')
    .description('Restart the installed service and wait until the new daemon answers')
    .addHelpText('after', '\nExits 1 when it does not, and says what the daemon said last.')
    .action(async () => {
      const service = thisService();
      const notPid = await refuseForeignDaemon(service);
      await service.restart();
      await awaitReady(service, daybookPaths(process.env), { notPid });
    });
}
