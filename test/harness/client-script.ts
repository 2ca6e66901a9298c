import { type CommandOptions, RunningCommand } from './command-line.ts';

const client = new URL('../../client/index.ts', import.meta.url).href;

/**
 * A process of its own that uses the client library. The script finds `connect`, `say` (one line on stdout) and
 * `socketPath` defined.
 */
export function startClientScript(socketPath: string, script: string, options: CommandOptions = {}): RunningCommand {
  const source = `
    import { connect } from ${JSON.stringify(client)};
    const socketPath = ${JSON.stringify(socketPath)};
    const say = (text) => process.stdout.write(text + '\\n');
    ${script}`;
  return new RunningCommand(process.execPath, ['--input-type=module', '--eval', source], options);
}
