import { Command } from 'commander';
import type { Service } from '../../../launchd/service.ts';
import type { StatusReply } from '../../../shared/messages/status.ts';
import { daybookPaths } from '../../../shared/paths.ts';
import { daybookVersion } from '../../../shared/protocol-version.ts';
import { careRows } from '../care-text.ts';
import { exitCodes } from '../exit.ts';
import { askHealth, flightText, type Health } from '../health.ts';
import { withClient } from '../open-client.ts';
import { bytesText, counted, durationText, paint, print, printJson, table, wholeNumber } from '../output.ts';
import { absenceOf, absenceText } from '../service-life/absence.ts';
import { type DaemonSight, lookAtDaemon } from '../service-life/daemon-state.ts';
import { thisService } from '../service.ts';

export function command(): Command {
  return new Command('status')
    .description('Whether the daemon runs, and how it is')
    .option('--json', 'as one JSON map')
    .addHelpText(
      'after',
      '\nThe state is running, stopping, starting, unreachable (there is a process, and it does not answer), crashed,\n' +
        'disabled (switched off by you) or stopped.\n' +
        'Exits 0 when it answers, 1 when it cannot store an event and read it back, 3 when no daemon answers.',
    )
    .action(show);
}

async function show(options: { json?: true }): Promise<void> {
  const paths = daybookPaths(process.env);
  const sight = await lookAtDaemon(serviceHere(), paths);
  const service = sight.service?.state ?? 'unknown';
  if (sight.status === undefined) {
    process.exitCode = exitCodes.notReachable;
    if (options.json) await printJson({ ...absenceOf(sight, paths), service });
    else await print(absenceText(sight, paths));
    return;
  }
  const answer = { status: sight.status, health: await withClient((client) => askHealth(client)) };
  if (isUnwell(answer)) process.exitCode = exitCodes.failed;
  const warnings = versionWarnings(sight);
  if (options.json) await printJson({ ...allOf(answer), service, warnings });
  else await print(runningText(answer, service));
  for (const warning of warnings) process.stderr.write(`daybook: warning: ${warning}\n`);
}

/** An upgrade changes the daemon when that is started anew. */
function versionWarnings({ status, service }: DaemonSight): string[] {
  if (status === undefined || status.version === daybookVersion) return [];
  const isInstalled = service !== undefined && service.state !== 'not-installed';
  const cure = isInstalled ? 'run: daybook install' : `end it (kill ${status.pid}) and start it again`;
  return [`the daemon is version ${status.version}, and this command ${daybookVersion}; ${cure}`];
}

/** Undefined where there can be none. */
function serviceHere(): Service | undefined {
  try {
    return thisService();
  } catch {
    return undefined;
  }
}

interface Answer {
  status: StatusReply;
  health: Health;
}

function allOf({ status, health }: Answer) {
  return { ...status, health };
}

function storageText({ storage = 'ok', persistence }: StatusReply): string {
  if (!persistence) return 'nothing (enable_persistence is false)';
  return storage === 'ok' ? 'ok' : paint('red', 'the disk is full: nothing is stored until there is room');
}

function isUnwell({ status, health }: Answer): boolean {
  return status.persistence && !health.ok && health.code !== 'unknown_kind';
}

function healthText({ status, health }: Answer): string {
  if (!status.persistence) return paint('yellow', 'nothing is stored (enable_persistence is false)');
  if (health.ok) return `${paint('green', 'ok')} (${flightText(health)})`;
  return paint(isUnwell({ status, health }) ? 'red' : 'yellow', health.message);
}

function historyText({ gaps = 0 }: StatusReply): string {
  return gaps === 0 ? 'no gaps known' : paint('yellow', `${counted(gaps, 'gap')}: see daybook gaps`);
}

function runningText(answer: Answer, service: string): string {
  const { status } = answer;
  return table([
    ['state', paint('green', status.state)],
    ['service', service],
    ['pid', String(status.pid)],
    ['version', `${status.version} (node ${status.node_version})`],
    ['uptime', durationText(status.uptime_seconds)],
    ['health', healthText(answer)],
    ['storage', storageText(status)],
    ['history', historyText(status)],
    ...careRows(status, Date.now() / 1000),
    ['last id', wholeNumber(status.last_id)],
    ['clients', `${status.connections} connected, ${status.tails} following`],
    ['queue', bytesText(status.queue_bytes)],
    ['memory', bytesText(status.memory_bytes)],
    ['socket', status.socket],
    ['database', status.database],
    ['log', status.log],
    ['config', status.config],
  ]);
}
