import type { ServiceReport, ServiceState } from './service.ts';
import { socketUnitName, unitName } from './systemd-unit.ts';

/** What `systemctl show` is asked for. */
export const unitProperties = [
  'Id',
  'ActiveState',
  'SubState',
  'Result',
  'MainPID',
  'ExecMainCode',
  'ExecMainStatus',
  'ExecMainExitTimestamp',
  'UnitFileState',
  'NeedDaemonReload',
] as const;

type Properties = ReadonlyMap<string, string>;

/** The properties of each unit, by its name, as `systemctl show` prints them: `Name=value` lines, an empty line between units. */
export function readUnitProperties(text: string): ReadonlyMap<string, Properties> {
  const units = text.split(/\n\s*\n/u).map((block) => {
    const pairs = block.split('\n').map((line) => /^(\w+)=(.*)$/u.exec(line.trim()) ?? []);
    return new Map(pairs.flatMap(([, name, value]) => (name === undefined ? [] : [[name, value ?? ''] as const])));
  });
  return new Map(units.map((properties) => [properties.get('Id') ?? '', properties]));
}

/** How an installed service is. */
export function readUnitState(units: ReadonlyMap<string, Properties>): ServiceReport {
  const service: Properties = units.get(unitName) ?? new Map<string, string>();
  const socket: Properties = units.get(socketUnitName) ?? new Map<string, string>();
  const pid = Number(service.get('MainPID'));
  const state = stateOf(service, socket);
  const hasProcess = pid > 0;
  const lastExit = hasProcess ? undefined : exitOf(service);
  const endedMs = hasProcess ? Number.NaN : timeOf(service.get('ExecMainExitTimestamp'));
  return {
    state,
    isListening: socket.get('ActiveState') === 'active',
    ...(hasProcess && { pid }),
    ...(lastExit !== undefined && { lastExit }),
    ...(!Number.isNaN(endedMs) && { endedMs }),
  };
}

function stateOf(service: Properties, socket: Properties): ServiceState {
  switch (service.get('ActiveState')) {
    case 'active':
    case 'reloading':
      return 'running';
    case 'activating':
      // Between two tries of a daemon that fails.
      return service.get('SubState')?.startsWith('auto-restart') === true ? 'failed' : 'starting';
    case 'deactivating':
      return 'stopping';
    case 'failed':
      return 'failed';
    default:
  }
  if (socket.get('ActiveState') === 'failed') return 'failed';
  return ['disabled', 'masked', 'masked-runtime'].includes(service.get('UnitFileState') ?? '') ? 'disabled' : 'stopped';
}

/** CLD_EXITED, CLD_KILLED and CLD_DUMPED of the system, which `show` prints as numbers. */
function exitOf(service: Properties): string | undefined {
  const status = service.get('ExecMainStatus');
  switch (service.get('ExecMainCode')) {
    case '1':
      return status === '203' ? 'exit code 203 (the program could not be run)' : `exit code ${status}`;
    case '2':
    case '3':
      return service.get('Result') === 'oom-kill' ? 'killed for want of memory' : `signal ${status}`;
    default:
      return undefined;
  }
}

/** `Sun 2026-11-22 07:00:01 CET`, in the time zone of whoever asks. */
function timeOf(text: string | undefined): number {
  const [, date, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)/u.exec(text ?? '') ?? [];
  return date === undefined ? Number.NaN : Date.parse(`${date}T${time}`);
}
