import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CommandResult, RunningCommand, startDaybook } from './command-line.ts';
import { temporaryHome } from './temporary-home.ts';

const script = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/**
 * A person's computer with a stand-in for `systemd --user` (acting_systemd.py): it listens on the socket of the socket
 * unit, starts the real daemon of the service unit with it, and starts it again when it crashes.
 */
export class ActingSystemd {
  /** DAYBOOK_HOME. */
  readonly home: string;
  readonly units: string;
  readonly #root: ReturnType<typeof temporaryHome>;
  readonly #manager: RunningCommand;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(root: ReturnType<typeof temporaryHome>) {
    this.#root = root;
    this.home = join(root.path, 'd');
    this.units = join(root.path, '.config', 'systemd', 'user');
    const tools = join(root.path, 'tools');
    mkdirSync(tools);
    const python = (name: string) => `#!/bin/sh\nexec python3 -c 'import sys; sys.argv[0] = "${join(tools, name)}"
exec(open("${script('acting_systemctl.py')}").read())' "$@"\n`;
    for (const name of ['systemctl', 'journalctl']) {
      writeFileSync(join(tools, name), python(name));
      chmodSync(join(tools, name), 0o755);
    }
    this.#environment = {
      HOME: root.path,
      XDG_CONFIG_HOME: '',
      PATH: `${tools}:${process.env['PATH']}`,
      DAYBOOK_HOME: this.home,
    };
    this.#manager = new RunningCommand('python3', [script('acting_systemd.py'), root.path, this.units]);
  }

  static async begin(): Promise<ActingSystemd> {
    const systemd = new ActingSystemd(temporaryHome());
    await systemd.#manager.prints('ready');
    return systemd;
  }

  start(...args: string[]): RunningCommand {
    return startDaybook(this.home, args, { environment: this.#environment });
  }

  run(...args: string[]): Promise<CommandResult> {
    return this.start(...args).ended;
  }

  systemctl(...args: string[]): Promise<CommandResult> {
    const environment = this.#environment;
    return new RunningCommand(join(this.#root.path, 'tools', 'systemctl'), ['--user', ...args], { environment }).ended;
  }

  /** What systemctl was called with since the last look, without the questions. */
  takeCalls(): string[] {
    const path = join(this.#root.path, 'calls');
    if (!existsSync(path)) return [];
    const calls = readFileSync(path, 'utf8').trimEnd().split('\n');
    writeFileSync(path, '');
    const asks = /^journalctl|--user (?:show|is-active)/;
    return calls.filter((call) => call !== '' && !asks.test(call)).map((call) => call.replace('systemctl --user ', ''));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#manager.process.kill('SIGTERM');
    await this.#manager.ended;
    this.#root.remove();
  }
}
