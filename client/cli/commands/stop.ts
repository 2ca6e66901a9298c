import { Command } from 'commander';
import { print } from '../output.ts';
import { thisService } from '../service.ts';

export function command(): Command {
  return new Command('stop').description('Stop the installed service until it is started again').action(async () => {
    await thisService().stop();
    await print('stopped\n');
  });
}
