import { isAbsolute } from 'node:path';
import { ServiceError } from './service-error.ts';

/** What a service runs. Both kinds of definition file are rendered from this and nothing else. */
export interface ServiceDefinition {
  /** Absolute path of the node executable. */
  readonly nodePath: string;
  /** Absolute path of the script that understands `daemon`. */
  readonly scriptPath: string;
  /** Absolute path of the socket at which clients look for the daemon (systemd only, which listens there itself). */
  readonly socketPath: string;
  /** Absolute path of the directory for what the daemon prints (launchd only; systemd has its journal). */
  readonly logDirectory: string;
  /** The only variables that are set for the daemon on top of what the system gives every service. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Refuses what a definition file cannot hold: relative paths, and text with control characters or broken UTF-16, which
 * XML forbids and systemd rejects in a program path.
 * @throws ServiceError invalid_definition
 */
export function checkDefinition(definition: ServiceDefinition): void {
  const { nodePath, scriptPath, socketPath, logDirectory, environment } = definition;
  for (const [name, path] of Object.entries({ nodePath, scriptPath, socketPath, logDirectory })) {
    if (!isAbsolute(path)) {
      refuse(`${name} is not an absolute path: ${JSON.stringify(path)}`);
    }
    checkText(name, path);
  }
  for (const [name, value] of Object.entries(environment)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/u.test(name)) {
      refuse(`the name of an environment variable is not made of letters, digits and _: ${JSON.stringify(name)}`);
    }
    checkText(name, value);
  }
}

function checkText(name: string, text: string): void {
  if (!text.isWellFormed() || /[\p{Cc}\ufffe\uffff]/u.test(text)) {
    refuse(`${name} has a character that a service definition cannot hold: ${JSON.stringify(text)}`);
  }
}

function refuse(problem: string): never {
  throw new ServiceError('invalid_definition', problem, 'use a directory with another name');
}
