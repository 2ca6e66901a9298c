import { mkdir } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import {
  compareDefinition,
  type DefinitionChange,
  readDefinition,
  removeDefinition,
  writeDefinition,
} from './definition-file.ts';
import { installWarnings } from './install-warnings.ts';
import { errorInJournal } from './journal-errors.ts';
import type { CommandResult } from './run-command.ts';
import { ServiceError } from './service-error.ts';
import type {
  InstallReport,
  Service,
  ServiceInspection,
  ServiceOptions,
  ServiceReport,
  ServiceWords,
  UninstallReport,
} from './service.ts';
import {
  readSystemdUnit,
  readUnitCommand,
  renderSocketUnit,
  renderSystemdUnit,
  socketUnitName,
  unitName,
} from './systemd-unit.ts';
import { readUnitProperties, readUnitState, unitProperties } from './unit-state.ts';

/** `systemctl stop` of a unit that systemd has never heard of. */
const notLoaded = 5;

/** Both, in the order in which they are started. */
const units = [socketUnitName, unitName] as const;

const socketMissing = `${socketUnitName}: (missing) -> installed`;

/**
 * The daemon as a systemd user service with the socket that its clients connect to.
 *
 * Its state is the unit files (installed), the links in the targets (enabled: starts with the session) and the process.
 * systemd owns the socket: it makes the file, keeps it while the daemon restarts, and removes it when both are stopped. It
 * waits by itself for a start or a stop to finish, so nothing is retried here.
 */
export class SystemdService implements Service {
  readonly #options: ServiceOptions;
  readonly #unitPath: string;
  readonly #socketUnitPath: string;

  constructor(options: ServiceOptions) {
    this.#options = options;
    const { homeDirectory, xdgConfigHome } = options;
    // The XDG base directory specification wants a relative value to be ignored.
    const configHome =
      xdgConfigHome !== undefined && isAbsolute(xdgConfigHome) ? xdgConfigHome : join(homeDirectory, '.config');
    this.#unitPath = join(configHome, 'systemd', 'user', unitName);
    this.#socketUnitPath = join(configHome, 'systemd', 'user', socketUnitName);
  }

  async install(): Promise<InstallReport> {
    const { platform, homeDirectory, socketPath } = this.#options;
    const unit = renderSystemdUnit(this.#options);
    const socketUnit = renderSocketUnit(this.#options);
    // Whatever the answer is, there is a session to install into; without one nothing may be left behind.
    await this.#systemctl('is-active', unitName);
    await mkdir(dirname(socketPath), { recursive: true, mode: 0o700 });
    const change = combined(
      await writeDefinition(this.#unitPath, unit, readSystemdUnit),
      await writeDefinition(this.#socketUnitPath, socketUnit, readSystemdUnit),
    );
    await this.#demand('daemon-reload');
    await this.#demand('enable', ...units);
    // systemd starts no socket under a service that runs.
    await this.#demand('stop', ...units);
    await this.#demand('start', ...units);
    const warnings = installWarnings(platform, homeDirectory, this.#options);
    return { definitionPath: this.#unitPath, ...change, warnings };
  }

  async uninstall(): Promise<UninstallReport> {
    const definitionPath = this.#unitPath;
    const there = await this.#unitsThere();
    if (there.length === 0) {
      return { definitionPath, removed: false };
    }
    await this.#demand('disable', '--now', ...there);
    await removeDefinition(this.#socketUnitPath);
    await removeDefinition(definitionPath);
    await this.#demand('daemon-reload');
    return { definitionPath, removed: true };
  }

  async start(): Promise<void> {
    await this.#demandInstalled();
    await this.#demand('start', ...(await this.#unitsThere()));
  }

  async stop(): Promise<void> {
    // Both at once: the socket alone would start the service again with the next client.
    const args = ['stop', ...(await this.#unitsThere())];
    if (args.length === 1) return;
    const result = await this.#systemctl(...args);
    if (result.exitCode !== notLoaded) {
      demandSuccess(args, result);
    }
  }

  /** The socket stays, so that clients wait for the new daemon and are not turned away. */
  async restart(): Promise<void> {
    await this.#demandInstalled();
    await this.#demand('restart', unitName);
  }

  async report(): Promise<ServiceReport> {
    if (!(await this.#isInstalled())) {
      return { state: 'not-installed', isListening: false };
    }
    return readUnitState(await this.#properties());
  }

  async lastError(): Promise<ServiceWords | undefined> {
    const args = ['--user', '--unit', unitName, '--lines', '50', '--output', 'json', '--no-pager'];
    try {
      const { exitCode, stdout } = await this.#options.run('journalctl', args);
      return exitCode === 0 ? errorInJournal(stdout) : undefined;
    } catch (error) {
      // A system without a journal has nothing to say.
      if (error instanceof ServiceError) return undefined;
      throw error;
    }
  }

  async inspect(): Promise<ServiceInspection> {
    const service = await compareDefinition(this.#unitPath, renderSystemdUnit(this.#options), readSystemdUnit);
    const socket = await compareDefinition(this.#socketUnitPath, renderSocketUnit(this.#options), readSystemdUnit);
    const command = readUnitCommand((await readDefinition(this.#unitPath)) ?? '');
    const properties = await this.#properties();
    const isStale = units.some((name) => properties.get(name)?.get('NeedDaemonReload') === 'yes');
    if (service.file === 'missing') return { ...service, command, state: 'not-installed', isStale };
    const { state } = readUnitState(properties);
    if (socket.file === 'same') return { ...service, command, state, isStale };
    const changes = [...service.changes, ...(socket.file === 'missing' ? [socketMissing] : socket.changes)];
    return { ...service, file: 'different', changes, command, state, isStale };
  }

  async #properties(): Promise<ReturnType<typeof readUnitProperties>> {
    const args = ['show', ...units, `--property=${unitProperties.join(',')}`];
    const result = await this.#systemctl(...args);
    demandSuccess(args, result);
    return readUnitProperties(result.stdout);
  }

  /** An older version had no socket unit. */
  async #unitsThere(): Promise<string[]> {
    const paths = { [socketUnitName]: this.#socketUnitPath, [unitName]: this.#unitPath };
    const found = await Promise.all(units.map(async (name) => (await readDefinition(paths[name])) !== undefined));
    return units.filter((_, index) => found[index]);
  }

  async #isInstalled(): Promise<boolean> {
    return (await readDefinition(this.#unitPath)) !== undefined;
  }

  async #demandInstalled(): Promise<void> {
    if (!(await this.#isInstalled())) {
      throw new ServiceError('not_installed', `there is no ${this.#unitPath}`, "run 'daybook install' first");
    }
  }

  async #demand(...args: string[]): Promise<void> {
    demandSuccess(args, await this.#systemctl(...args));
  }

  async #systemctl(...args: string[]): Promise<CommandResult> {
    const result = await this.#options.run('systemctl', ['--user', ...args]);
    // Exit code 1 means many things; only the words tell that nobody was there to ask.
    if (/failed to connect to .*bus/iu.test(result.stderr)) {
      throw new ServiceError(
        'no_session',
        `systemd has no session for this user (${firstLine(result.stderr)})`,
        "log in as the user directly (su and sudo open no session), or run 'loginctl enable-linger' to have one always, " +
          "or run 'daybook daemon' in the foreground",
      );
    }
    return result;
  }
}

/** What became of the two files, as one answer. */
function combined(service: DefinitionChange, socket: DefinitionChange): DefinitionChange {
  if (service.outcome === 'created') return service;
  const socketChanges = socket.outcome === 'created' ? [socketMissing] : socket.changes;
  const changes = [...service.changes, ...socketChanges];
  return { outcome: changes.length === 0 ? 'unchanged' : 'repaired', changes };
}

function demandSuccess(args: readonly string[], { exitCode, stderr }: CommandResult): void {
  if (exitCode !== 0) {
    throw new ServiceError(
      'command_failed',
      `'systemctl --user ${args.join(' ')}' answered ${exitCode} (${firstLine(stderr)})`,
      `look at 'systemctl --user status ${unitName}' and 'journalctl --user --unit ${unitName}'`,
    );
  }
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1).join('');
}
