import type { Clock } from './clock.ts';
import type { DefinitionChange, DefinitionComparison } from './definition-file.ts';
import { LaunchAgent } from './launch-agent.ts';
import { stableNodePath } from './node-path.ts';
import type { RunCommand } from './run-command.ts';
import type { ServiceDefinition } from './service-definition.ts';
import { ServiceError } from './service-error.ts';
import { SystemdService } from './systemd-service.ts';

/**
 * - `not-installed`: there is no definition file.
 * - `stopped`: installed, not running, starts at the next login.
 * - `starting`, `stopping`: on the way.
 * - `running`: there is a process. Whether it answers is a question for its socket.
 * - `failed`: the last run ended with an error; another one may follow.
 * - `disabled`: installed, not running, and somebody has said that it shall not start at login.
 */
export type ServiceState = 'not-installed' | 'stopped' | 'starting' | 'running' | 'stopping' | 'failed' | 'disabled';

/** What the service manager says about the daemon. What it does not say is absent. */
export interface ServiceReport {
  readonly state: ServiceState;
  /** Of the process, while there is one. */
  readonly pid?: number;
  /** How the last run ended, in words: `exit code 1`, `signal 9`. */
  readonly lastExit?: string;
  /** When it did, milliseconds since 1970. */
  readonly endedMs?: number;
  /** The service manager listens on the socket itself, so that connecting to it starts the daemon (systemd only). */
  readonly isListening: boolean;
}

/** Something that the daemon printed. */
export interface ServiceWords {
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

export interface InstallReport extends DefinitionChange {
  readonly definitionPath: string;
  /** Sentences for the person who installs; empty when all is well. */
  readonly warnings: readonly string[];
}

export interface UninstallReport {
  readonly definitionPath: string;
  /** False when there was nothing to remove. */
  readonly removed: boolean;
}

/** What is installed and what is loaded; nothing is changed by looking. */
export interface ServiceInspection extends DefinitionComparison {
  readonly state: ServiceState;
  /** The program in the definition and its arguments; empty when there is none or it cannot be read. */
  readonly command: readonly string[];
  /** The service manager still goes by an older definition than the file holds. */
  readonly isStale: boolean;
}

/**
 * The daemon as a service of the operating system. Methods reject with a ServiceError that names the cure, or with the
 * error of the file system when a directory cannot be made or read.
 */
export interface Service {
  /** Writes the definition, makes it start at login, and (re)starts it. Repeating it repairs what was changed. */
  install(): Promise<InstallReport>;
  /** Stops the daemon and removes the definition. Events, configuration and logs stay. */
  uninstall(): Promise<UninstallReport>;
  /** Starts an installed service; nothing happens when it runs already. */
  start(): Promise<void>;
  /** Stops it until the next `start`, `restart` or login; nothing happens when it does not run. */
  stop(): Promise<void>;
  /** Ends the running daemon, if there is one, and starts a new one. */
  restart(): Promise<void>;
  /** How it is. Nothing is changed or started by asking. */
  report(): Promise<ServiceReport>;
  /** The last error that the daemon printed where the service manager keeps it; undefined when there is none since it was ready. */
  lastError(): Promise<ServiceWords | undefined>;
  /** Compares the definition with what an install would write, and with what the service manager has loaded. */
  inspect(): Promise<ServiceInspection>;
}

/** Everything a service needs to know about the world. */
export interface ServiceOptions extends ServiceDefinition {
  readonly platform: NodeJS.Platform;
  readonly homeDirectory: string;
  readonly uid: number;
  /** The value of XDG_CONFIG_HOME, if there is one (systemd only). */
  readonly xdgConfigHome?: string | undefined;
  readonly run: RunCommand;
  readonly clock: Clock;
}

/**
 * The service of this platform: a LaunchAgent on macOS, a systemd user unit on Linux.
 * @throws ServiceError unsupported_platform, wrong_user, invalid_definition
 */
export function openService(options: ServiceOptions): Service {
  const stable = { ...options, nodePath: stableNodePath(options.nodePath) };
  switch (options.platform) {
    case 'darwin':
      return new LaunchAgent(stable);
    case 'linux':
      return new SystemdService(stable);
    default:
      throw new ServiceError(
        'unsupported_platform',
        `there is no service for the platform ${options.platform}`,
        "run 'daybook daemon' in the foreground, or from your own supervisor",
      );
  }
}
