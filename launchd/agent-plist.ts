import { join } from 'node:path';
import { build, parse } from 'plist';
import { checkDefinition, type ServiceDefinition } from './service-definition.ts';

export const agentLabel = 'dev.daybook.daemon';

/** launchd gives an agent 256 open files; 1,024 connections, the database and its readers need more. */
const openFiles = 8192;

/** Where launchd puts what the daemon prints. It never rotates these; the daemon's own log is another file. */
export function agentOutputPaths(logDirectory: string): { standardOut: string; standardError: string } {
  return { standardOut: join(logDirectory, 'daemon.out.log'), standardError: join(logDirectory, 'daemon.err.log') };
}

/**
 * The LaunchAgent property list as XML; the format is launchd.plist(5). README.md has the reason for each key.
 * @throws ServiceError invalid_definition
 */
export function renderAgentPlist(definition: ServiceDefinition): string {
  checkDefinition(definition);
  const { nodePath, scriptPath, logDirectory, environment } = definition;
  const output = agentOutputPaths(logDirectory);
  const plist = {
    Label: agentLabel,
    ProgramArguments: [nodePath, scriptPath, 'daemon'],
    RunAtLoad: true,
    // A daemon that meets an error nobody can wait out says so and exits 0; only a crash is worth another try.
    KeepAlive: { SuccessfulExit: false },
    // Background and Adaptive confine the process to efficiency cores and slow down its disk writes.
    ProcessType: 'Standard',
    // Property lists have no octal numbers.
    Umask: 0o077,
    SoftResourceLimits: { NumberOfFiles: openFiles },
    HardResourceLimits: { NumberOfFiles: openFiles },
    StandardOutPath: output.standardOut,
    StandardErrorPath: output.standardError,
    ...(Object.keys(environment).length > 0 ? { EnvironmentVariables: { ...environment } } : {}),
  };
  return `${build(plist)}\n`;
}

/** The top-level keys of a property list, each value as JSON. Throws when the text is not a property list. */
export function readAgentPlist(text: string): ReadonlyMap<string, string> {
  // The parser complains on the console before it throws; half a file or none, the usual damage, is found without it.
  if (!text.trimEnd().endsWith('</plist>')) {
    throw new TypeError('the property list has no end');
  }
  const plist: unknown = parse(text);
  if (typeof plist !== 'object' || plist === null || Array.isArray(plist)) {
    throw new TypeError('the property list is not a dictionary');
  }
  return new Map(Object.entries(plist).map(([key, value]) => [key, JSON.stringify(value)]));
}

/** The program that a property list runs, with its arguments; empty when it cannot be told. */
export function readAgentCommand(text: string): string[] {
  try {
    const command: unknown = JSON.parse(readAgentPlist(text).get('ProgramArguments') ?? '[]');
    return Array.isArray(command) ? command.map(String) : [];
  } catch {
    return [];
  }
}
