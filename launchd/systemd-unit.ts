import { checkDefinition, type ServiceDefinition } from './service-definition.ts';
import { ServiceError } from './service-error.ts';

export const unitName = 'daybook.service';
export const socketUnitName = 'daybook.socket';

/** What a daemon exits with when only a person can mend what it has said. */
const permanentExitCode = 78;

/**
 * The systemd user unit; the format is systemd.service(5) and systemd.exec(5), the quoting systemd.syntax(7).
 * @throws ServiceError invalid_definition
 */
export function renderSystemdUnit(definition: ServiceDefinition): string {
  checkDefinition(definition);
  const { nodePath, scriptPath, environment } = definition;
  if (/["'\\]/u.test(nodePath)) {
    throw new ServiceError(
      'invalid_definition',
      `systemd runs no program that has quotes or backslashes in its path: ${nodePath}`,
      'use a node that is installed elsewhere',
    );
  }
  // The colon switches variable substitution off. Without it a $ would have to be doubled in arguments but not in the
  // program's path. It belongs inside the quotes: a quote opens a word only at the word's start.
  const command = [`:${nodePath}`, scriptPath, 'daemon'].map(quoteUnitWord).join(' ');
  // What systemd listens on arrives as standard input: the third descriptor would not survive the launch of the daemon.
  const variables = Object.entries({ ...environment, DAYBOOK_LISTEN_FD: '0' }).map(([name, value]) =>
    quoteUnitWord(`${name}=${value}`),
  );
  const lines = [
    '[Unit]',
    'Description=Daybook, the durable memory of this computer',
    // Retrying every few seconds for ever is wanted: the disk may have room again, the directory may come back.
    'StartLimitIntervalSec=0',
    `Requires=${socketUnitName}`,
    `After=${socketUnitName}`,
    '',
    '[Service]',
    // exec, not simple: starting fails at once when node is not where it was.
    'Type=exec',
    `ExecStart=${command}`,
    `Environment=${variables.join(' ')}`,
    'StandardInput=socket',
    'StandardOutput=journal',
    'StandardError=journal',
    'Restart=on-failure',
    `RestartPreventExitStatus=${permanentExitCode}`,
    'RestartSec=5',
    'TimeoutStopSec=10',
    'UMask=0077',
    'LimitNOFILE=8192',
    'SyslogIdentifier=daybook',
    '',
    '[Install]',
    'WantedBy=default.target',
    '',
  ];
  return lines.join('\n');
}

/**
 * The systemd socket unit: a client that comes before the daemon waits for it, and starts it where it does not run. The
 * format is systemd.socket(5).
 * @throws ServiceError invalid_definition
 */
export function renderSocketUnit(definition: ServiceDefinition): string {
  checkDefinition(definition);
  const lines = [
    '[Unit]',
    'Description=Daybook, the socket its clients connect to',
    '',
    '[Socket]',
    `ListenStream=${definition.socketPath.replaceAll('%', '%%')}`,
    'SocketMode=0600',
    'DirectoryMode=0700',
    'RemoveOnStop=yes',
    // A daemon that refuses to start leaves the client waiting, which starts the next one. After some it is enough.
    'TriggerLimitIntervalSec=60',
    'TriggerLimitBurst=10',
    '',
    '[Install]',
    'WantedBy=sockets.target',
    '',
  ];
  return lines.join('\n');
}

/** The settings of a unit file. Later assignments of one key replace earlier ones, which is enough to compare our own. */
export function readSystemdUnit(text: string): ReadonlyMap<string, string> {
  const assignments = text.split('\n').flatMap((line) => {
    const separator = line.indexOf('=');
    return separator > 0 ? [[line.slice(0, separator).trim(), line.slice(separator + 1).trim()] as const] : [];
  });
  return new Map(assignments);
}

/** The program that a unit of ours runs, with its arguments; empty when it cannot be told. */
export function readUnitCommand(text: string): string[] {
  const words =
    readSystemdUnit(text)
      .get('ExecStart')
      ?.match(/"(?:[^"\\]|\\.)*"/gu) ?? [];
  const unquoted = words.map((word) =>
    word
      .slice(1, -1)
      .replaceAll(/\\(["\\])/gu, '$1')
      .replaceAll('%%', '%'),
  );
  return unquoted.map((word, index) => (index === 0 ? word.replace(/^:/u, '') : word));
}

/** One word of a command line or an assignment: backslash escapes inside double quotes, and % doubled everywhere. */
function quoteUnitWord(text: string): string {
  return `"${text.replace(/["\\]/gu, String.raw`\$&`).replaceAll('%', '%%')}"`;
}
