import { Command } from 'commander';
import { awaitReady } from '../await-ready.ts';
import { thisService } from '../service.ts';

export function command(): Command {
  return new Command('restart')
    .description('Restart the installed service and wait until it answers')
    .action(async () => {
      await thisService().restart();
      await awaitReady();
    });
}
