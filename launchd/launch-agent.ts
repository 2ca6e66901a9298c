import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { agentLabel, agentOutputPaths, readAgentCommand, readAgentPlist, renderAgentPlist } from './agent-plist.ts';
import { isAgentDisabled, readAgentState } from './agent-state.ts';
import { compareDefinition, readDefinition, removeDefinition, writeDefinition } from './definition-file.ts';
import { installWarnings } from './install-warnings.ts';
import { lastErrorIn } from './printed-errors.ts';
import { retryWhile } from './retry.ts';
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
import { shellWord } from './shell-word.ts';

/** What launchctl answers with; `launchctl error N` prints the meaning of each. */
const exitCodes = {
  ok: 0,
  noSuchProcess: 3,
  inputOutputError: 5,
  inProgress: 36,
  alreadyLoaded: 37,
  unknownDomain: 112,
  unknownLabel: 113,
  domainRefuses: 125,
} as const;

/** For some seconds after a bootout, bootstrap answers 5 although nothing is wrong. */
const loadLimitMs = 15_000;
/** launchd kills a daemon that does not end by itself after 20 s. */
const unloadLimitMs = 25_000;

/** What bootstrap and kickstart answer while launchd has not finished with the agent's former life. */
const notYetLoaded: ReadonlySet<number> = new Set([
  exitCodes.inputOutputError,
  exitCodes.inProgress,
  exitCodes.alreadyLoaded,
  exitCodes.unknownLabel,
]);

interface Answer extends CommandResult {
  /** The command as a person can type it. */
  readonly command: string;
}

/**
 * The daemon as a LaunchAgent.
 *
 * Two things decide its state: whether the property list is in ~/Library/LaunchAgents (launchd loads it from there at
 * login), and whether launchd has it loaded now. `bootstrap` loads it, which also runs it; `bootout` ends the process
 * and unloads it. What is done goes by exit codes alone; what `launchctl print` writes is not an interface and changes, so
 * it only makes a report more exact.
 */
export class LaunchAgent implements Service {
  readonly #options: ServiceOptions;
  readonly #domain: string;
  readonly #target: string;
  readonly #plistPath: string;

  constructor(options: ServiceOptions) {
    if (options.uid === 0) {
      throw new ServiceError(
        'wrong_user',
        'a LaunchAgent belongs to a person who logs in, not to root',
        'run the same command without sudo',
      );
    }
    this.#options = options;
    this.#domain = `gui/${options.uid}`;
    this.#target = `${this.#domain}/${agentLabel}`;
    this.#plistPath = join(options.homeDirectory, 'Library', 'LaunchAgents', `${agentLabel}.plist`);
  }

  async install(): Promise<InstallReport> {
    const { platform, homeDirectory, logDirectory } = this.#options;
    const plist = renderAgentPlist(this.#options);
    // launchd creates the files of StandardOutPath and StandardErrorPath but not their directory.
    await mkdir(logDirectory, { recursive: true, mode: 0o700 });
    const change = await writeDefinition(this.#plistPath, plist, readAgentPlist);
    // A loaded agent keeps its old definition until it is unloaded.
    await this.#unload();
    await this.#enable();
    await this.#load();
    const warnings = installWarnings(platform, homeDirectory, this.#options);
    return { definitionPath: this.#plistPath, ...change, warnings };
  }

  async uninstall(): Promise<UninstallReport> {
    await this.#unload();
    return { definitionPath: this.#plistPath, removed: await removeDefinition(this.#plistPath) };
  }

  async start(): Promise<void> {
    await this.#kickOrLoad();
  }

  /** `launchctl stop` or `kill` would leave it loaded, and launchd free to start it again. */
  async stop(): Promise<void> {
    await this.#unload();
  }

  async restart(): Promise<void> {
    await this.#kickOrLoad('-k');
  }

  async report(): Promise<ServiceReport> {
    return this.#judge(await this.#launchctl('print', this.#target));
  }

  async lastError(): Promise<ServiceWords | undefined> {
    const { standardOut, standardError } = agentOutputPaths(this.#options.logDirectory);
    return lastErrorIn(standardError, standardOut);
  }

  async inspect(): Promise<ServiceInspection> {
    const comparison = await compareDefinition(this.#plistPath, renderAgentPlist(this.#options), readAgentPlist);
    const command = readAgentCommand((await readDefinition(this.#plistPath)) ?? '');
    const answer = await this.#launchctl('print', this.#target);
    const { state } = await this.#judge(answer);
    const isLoaded = answer.exitCode === exitCodes.ok;
    // A line that may be gone in the next macOS: without it nothing is said.
    const loadedProgram = isLoaded ? /^\s*program = (.+)$/mu.exec(answer.stdout)?.[1] : undefined;
    const runsAnother = loadedProgram !== undefined && loadedProgram !== command[0];
    const isStale = isLoaded && (comparison.file === 'missing' || runsAnother);
    return { ...comparison, command, state, isStale };
  }

  async #judge(printed: Answer): Promise<ServiceReport> {
    if (printed.exitCode === exitCodes.ok) {
      return { ...readAgentState(printed.stdout), isListening: false };
    }
    if (!(await this.#isInstalled())) {
      return { state: 'not-installed', isListening: false };
    }
    const { exitCode, stdout } = await this.#launchctl('print-disabled', this.#domain);
    const isDisabled = exitCode === exitCodes.ok && isAgentDisabled(stdout, agentLabel);
    return { state: isDisabled ? 'disabled' : 'stopped', isListening: false };
  }

  async #kickOrLoad(...flags: string[]): Promise<void> {
    if (!(await this.#isInstalled())) {
      throw new ServiceError('not_installed', `there is no ${this.#plistPath}`, "run 'daybook install' first");
    }
    await this.#enable();
    const answer = await this.#launchctl('kickstart', ...flags, this.#target);
    if (isNotYetLoaded(answer)) {
      await this.#load();
    } else {
      this.#demandSuccess(answer);
    }
  }

  /** Somebody may have run `launchctl disable`, which outlives the property list and makes bootstrap answer 5. */
  async #enable(): Promise<void> {
    this.#demandSuccess(await this.#launchctl('enable', this.#target));
  }

  async #load(): Promise<void> {
    const attempt = async (): Promise<Answer> => {
      const answer = await this.#launchctl('bootstrap', this.#domain, this.#plistPath);
      const loaded = answer.exitCode === exitCodes.ok || answer.exitCode === exitCodes.alreadyLoaded;
      // RunAtLoad starts it, except while launchd holds back a program that ended a moment ago.
      return loaded ? this.#launchctl('kickstart', this.#target) : answer;
    };
    this.#demandSuccess(await retryWhile(this.#options.clock, loadLimitMs, attempt, isNotYetLoaded));
  }

  /** Resolves when launchd does not know the agent any more: bootout may return while the daemon still winds up. */
  async #unload(): Promise<void> {
    const attempt = async (): Promise<boolean> => {
      const { exitCode } = await this.#launchctl('bootout', this.#target);
      if (exitCode === exitCodes.noSuchProcess || exitCode === exitCodes.unknownLabel) {
        return false;
      }
      const answer = await this.#launchctl('print', this.#target);
      return answer.exitCode === exitCodes.ok;
    };
    if (await retryWhile(this.#options.clock, unloadLimitMs, attempt, (stillLoaded) => stillLoaded)) {
      throw new ServiceError(
        'timed_out',
        `launchd has not let go of ${agentLabel} within ${unloadLimitMs / 1_000} s`,
        `run 'launchctl bootout ${this.#target}' and, if that does not help, log out and in again; ${this.#whereItTalks()}`,
      );
    }
  }

  async #isInstalled(): Promise<boolean> {
    return (await readDefinition(this.#plistPath)) !== undefined;
  }

  async #launchctl(...args: string[]): Promise<Answer> {
    const result = await this.#options.run('launchctl', args);
    return { ...result, command: ['launchctl', ...args].map(shellWord).join(' ') };
  }

  #demandSuccess({ command, exitCode, stderr }: Answer): void {
    if (exitCode === exitCodes.ok) {
      return;
    }
    if (exitCode === exitCodes.domainRefuses || exitCode === exitCodes.unknownDomain) {
      throw new ServiceError(
        'no_session',
        `user ${this.#options.uid} has no graphical session on this Mac ('${command}' answered ${exitCode})`,
        "log in at its screen (ssh is not enough) and run the same command again, or run 'daybook daemon' in the foreground",
      );
    }
    const words = stderr.trim().split('\n', 1).join('');
    throw new ServiceError(
      'command_failed',
      `'${command}' answered ${exitCode}${words === '' ? '' : ` (${words})`}`,
      `make sure that the item is switched on in System Settings > General > Login Items, then run by hand: ${command}; ` +
        this.#whereItTalks(),
    );
  }

  #whereItTalks(): string {
    return `what the daemon said last is in ${agentOutputPaths(this.#options.logDirectory).standardError}`;
  }
}

function isNotYetLoaded({ exitCode }: Answer): boolean {
  return notYetLoaded.has(exitCode);
}
