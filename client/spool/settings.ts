import { dirname, join } from 'node:path';
import { DaybookError } from '../../shared/errors.ts';

export interface SpoolOptions {
  /** Where spools are, a directory for each client name. `spool` beside the socket unless said. */
  directory?: string;
  /** Bytes that all processes with this client name may keep together. 256 MiB unless said, 64 KiB at least. */
  maxBytes?: number;
  /** What gives way then: the new event (`record()` returns false), or the oldest ones in the spool. */
  whenFull?: 'reject' | 'drop-oldest';
}

export interface SpoolSettings {
  /** That of this client name. */
  directory: string;
  maxBytes: number;
  whenFull: 'reject' | 'drop-oldest';
}

const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;
const LEAST_MAX_BYTES = 64 * 1024;
const DIRECTORY_NAME_LENGTH = 120;

/** @throws DaybookError invalid_config */
export function spoolSettings(options: SpoolOptions, socketPath: string, clientName: string): SpoolSettings {
  const { directory = spoolDirectoryOf(socketPath), maxBytes = DEFAULT_MAX_BYTES, whenFull = 'reject' } = options;
  if (!Number.isSafeInteger(maxBytes) || maxBytes < LEAST_MAX_BYTES) {
    throw new DaybookError('invalid_config', `spool.maxBytes must be a whole number from ${LEAST_MAX_BYTES}`);
  }
  if (whenFull !== 'reject' && whenFull !== 'drop-oldest') {
    throw new DaybookError('invalid_config', "spool.whenFull must be 'reject' or 'drop-oldest'");
  }
  return { directory: join(directory, directoryNameOf(clientName)), maxBytes, whenFull };
}

export function spoolDirectoryOf(socketPath: string): string {
  return join(dirname(socketPath), 'spool');
}

/**
 * A client name as the name of a directory: letters, digits, `_`, `-` and inner dots stay, other bytes become %XX. One
 * that gets too long is cut, and told from others by its hash.
 */
export function directoryNameOf(clientName: string): string {
  const bytes = Buffer.from(clientName);
  let name = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    const isPlain = /[\w-]/.test(character) || (character === '.' && name !== '');
    name += isPlain ? character : `%${byte.toString(16).padStart(2, '0')}`;
  }
  if (name.length <= DIRECTORY_NAME_LENGTH) return name === '' ? '%' : name;
  const { createHash } = process.getBuiltinModule('node:crypto');
  return `${name.slice(0, DIRECTORY_NAME_LENGTH / 2)}~${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}`;
}

/** The client name that this directory is for; undefined when its name does not say. */
export function clientNameOf(directoryName: string): string | undefined {
  if (!/^(?:[\w.-]|%[\da-f]{2})+$/.test(directoryName)) return undefined;
  const bytes = directoryName.replaceAll(/%([\da-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  const name = Buffer.from(bytes, 'latin1').toString();
  return directoryNameOf(name) === directoryName ? name : undefined;
}
