import { isAbsolute, join } from 'node:path';
import { compareDefinition, readDefinition, removeDefinition, writeDefinition } from './definition-file.ts';
import { installWarnings } from './install-warnings.ts';
import type { CommandResult } from './run-command.ts';
import { ServiceError } from './service-error.ts';
import type {
  InstallReport,
  Service,
  ServiceInspection,
  ServiceOptions,
  ServiceState,
  UninstallReport,
} from './service.ts';
import { readSystemdUnit, readUnitCommand, renderSystemdUnit, unitName } from './systemd-unit.ts';

/** `systemctl stop` of a unit that systemd has never heard of. */
const notLoaded = 5;

/**
 * The daemon as a systemd user unit.
 *
 * Its state is the unit file (installed), the link in default.target.wants (enabled: starts with the session) and the
 * process. systemd waits by itself for a start or a stop to finish, so nothing is retried here.
 */
export class SystemdService implements Service {
  readonly #options: ServiceOptions;
  readonly #unitPath: string;

  constructor(options: ServiceOptions) {
    this.#options = options;
    const { homeDirectory, xdgConfigHome } = options;
    // The XDG base directory specification wants a relative value to be ignored.
    const configHome =
      xdgConfigHome !== undefined && isAbsolute(xdgConfigHome) ? xdgConfigHome : join(homeDirectory, '.config');
    this.#unitPath = join(configHome, 'systemd', 'user', unitName);
  }

  async install(): Promise<InstallReport> {
    const { platform, homeDirectory } = this.#options;
    const unit = renderSystemdUnit(this.#options);
    // Whatever the answer is, there is a session to install into; without one nothing may be left behind.
    await this.#systemctl('is-active', unitName);
    const change = await writeDefinition(this.#unitPath, unit, readSystemdUnit);
    await this.#demand('daemon-reload');
    await this.#demand('enable', unitName);
    await this.#demand('restart', unitName);
    const warnings = installWarnings(platform, homeDirectory, this.#options);
    return { definitionPath: this.#unitPath, ...change, warnings };
  }

  async uninstall(): Promise<UninstallReport> {
    const definitionPath = this.#unitPath;
    if (!(await this.#isInstalled())) {
      return { definitionPath, removed: false };
    }
    await this.#demand('disable', '--now', unitName);
    const removed = await removeDefinition(definitionPath);
    await this.#demand('daemon-reload');
    return { definitionPath, removed };
  }

  async start(): Promise<void> {
    await this.#demandInstalled();
    await this.#demand('start', unitName);
  }

  async stop(): Promise<void> {
    const args = ['stop', unitName];
    const result = await this.#systemctl(...args);
    if (result.exitCode !== notLoaded) {
      demandSuccess(args, result);
    }
  }

  async restart(): Promise<void> {
    await this.#demandInstalled();
    await this.#demand('restart', unitName);
  }

  async state(): Promise<ServiceState> {
    if (!(await this.#isInstalled())) {
      return 'not-installed';
    }
    const active = await this.#systemctl('is-active', unitName);
    if (active.exitCode === 0) {
      return 'running';
    }
    // The word is documented output. Between two tries of a daemon that fails the unit is `activating`.
    if (['failed', 'activating'].includes(active.stdout.trim())) {
      return 'failed';
    }
    const enabled = await this.#systemctl('is-enabled', unitName);
    return enabled.exitCode === 0 ? 'stopped' : 'disabled';
  }

  async inspect(): Promise<ServiceInspection> {
    const comparison = await compareDefinition(this.#unitPath, renderSystemdUnit(this.#options), readSystemdUnit);
    const { stdout } = await this.#systemctl('show', unitName, '--property=NeedDaemonReload', '--value');
    const command = readUnitCommand((await readDefinition(this.#unitPath)) ?? '');
    return { ...comparison, command, state: await this.state(), isStale: stdout.trim() === 'yes' };
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
