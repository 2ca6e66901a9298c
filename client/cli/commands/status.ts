import { Command } from 'commander';
import { DaybookError } from '../../../shared/errors.ts';
import type { StatusReply } from '../../../shared/messages/status.ts';
import { daybookPaths } from '../../../shared/paths.ts';
import { daybookVersion } from '../../../shared/protocol-version.ts';
import { exitCodes } from '../exit.ts';
import { withClient } from '../open-client.ts';
import { bytesText, durationText, paint, print, printJson, table, wholeNumber } from '../output.ts';
import { thisService } from '../service.ts';

export function command(): Command {
  return new Command('status')
    .description('Whether the daemon runs, and how it is')
    .option('--json', 'as one JSON map')
    .addHelpText('after', '\nExits 3 when no daemon answers.')
    .action(async (options: { json?: true }) => {
      const [status, service] = await Promise.all([askStatus(), serviceState()]);
      if (status === undefined) process.exitCode = exitCodes.notReachable;
      if (options.json) await printJson({ ...(status ?? stopped()), service });
      else await print(status === undefined ? stoppedText(service) : runningText(status, service));
    });
}

/** Undefined when nobody answers. */
async function askStatus(): Promise<StatusReply | undefined> {
  try {
    return await withClient((client) => client.status());
  } catch (error) {
    if (error instanceof DaybookError && error.code === 'not_reachable') return undefined;
    throw error;
  }
}

/** What the service manager says; `unknown` where there is none to ask. */
async function serviceState(): Promise<string> {
  try {
    return await thisService().state();
  } catch {
    return 'unknown';
  }
}

function stopped() {
  const { socket, database, log, config } = daybookPaths(process.env);
  return { state: 'stopped', pid: null, version: daybookVersion, socket, database, log, config, uptime_seconds: null };
}

function stoppedText(service: string): string {
  const { socket, database } = daybookPaths(process.env);
  return table([
    ['state', paint('yellow', 'stopped')],
    ['service', service],
    ['socket', `${socket} (nobody answers)`],
    ['database', database],
  ]);
}

function storageText({ storage = 'ok', persistence }: StatusReply): string {
  if (!persistence) return 'nothing (enable_persistence is false)';
  return storage === 'ok' ? 'ok' : paint('red', 'the disk is full: nothing is stored until there is room');
}

function historyText({ gaps = 0 }: StatusReply): string {
  return gaps === 0 ? 'no gaps known' : paint('yellow', `${wholeNumber(gaps)} gaps: see daybook gaps`);
}

function runningText(status: StatusReply, service: string): string {
  return table([
    ['state', paint('green', status.state)],
    ['service', service],
    ['pid', String(status.pid)],
    ['version', `${status.version} (node ${status.node_version})`],
    ['uptime', durationText(status.uptime_seconds)],
    ['storage', storageText(status)],
    ['history', historyText(status)],
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
