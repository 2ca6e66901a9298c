import { Command } from 'commander';
import { awaitReady } from '../await-ready.ts';
import { thisService } from '../service.ts';

export function command(): Command {
  return new Command('start').description('Start the installed service').action(async () => {
    await thisService().start();
    await awaitReady();
  });
}
