import { Command } from 'commander';
import { print } from '../output.ts';
import { refuseForeignDaemon } from '../service-life/foreign-daemon.ts';
import { thisService } from '../service.ts';

export function command(): Command {
  return new Command('stop').description('Stop the installed service until it is started again').action(async () => {
    const service = thisService();
    await refuseForeignDaemon(service);
    await service.stop();
    await print('stopped\n');
  });
}
