import { Command } from 'commander';
import { mkdirSync } from 'node:fs';
import { checkSocketPath, daybookPaths } from '../../../shared/paths.ts';
import { print } from '../output.ts';
import { awaitReady } from '../service-life/await-ready.ts';
import { refuseForeignDaemon } from '../service-life/foreign-daemon.ts';
import { thisService } from '../service.ts';

export function command(): Command {
  return new Command('install')
    .description('Run the daemon from now on and at every login (LaunchAgent on macOS, systemd user unit on Linux)')
    .addHelpText(
      'after',
      '\nMay be repeated: it repairs what was moved or edited, says what that was, and has the installed version of\n' +
        'Daybook run. Exits 1 when the daemon does not come up, and says what it said last.',
    )
    .action(install);
}

async function install(): Promise<void> {
  const service = thisService();
  const paths = daybookPaths(process.env);
  checkSocketPath(paths.socket, process.platform);
  const notPid = await refuseForeignDaemon(service);
  // Where the service manager puts what the daemon prints must be there before it starts it.
  mkdirSync(paths.logDirectory, { recursive: true, mode: 0o700 });
  const { definitionPath, outcome, changes, warnings } = await service.install();
  await print(`${definitionPath}: ${outcome}\n`);
  for (const change of changes) await print(`  ${change}\n`);
  for (const warning of warnings) process.stderr.write(`daybook: warning: ${warning}\n`);
  await awaitReady(service, paths, { notPid });
}
