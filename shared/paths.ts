import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { DaybookError } from './errors.ts';
import { limits } from './limits.ts';

/** Where one Daybook instance keeps its things. All absolute. */
export interface DaybookPaths {
  /** 0700 directory of the database and the socket. */
  dataDirectory: string;
  configDirectory: string;
  logDirectory: string;
  socket: string;
  database: string;
  /** Directory of backups to which nobody gave another place. */
  backups: string;
  config: string;
  log: string;
}

/**
 * The paths of an instance: all under `DAYBOOK_HOME` when it is set, otherwise where the operating system wants them
 * (`~/Library/…` on macOS, the XDG directories on Linux).
 */
export function daybookPaths(environment: { readonly [name: string]: string | undefined }): DaybookPaths {
  const home = environment['DAYBOOK_HOME'];
  const directories =
    home === undefined || home === ''
      ? systemDirectories()
      : { data: resolve(home, 'data'), config: resolve(home, 'config'), log: resolve(home, 'log') };
  return {
    dataDirectory: directories.data,
    configDirectory: directories.config,
    logDirectory: directories.log,
    socket: join(directories.data, 'daybook.sock'),
    database: join(directories.data, 'events.db'),
    backups: join(directories.data, 'backups'),
    config: join(directories.config, 'config.json'),
    log: join(directories.log, 'daybook.log'),
  };
}

/** Loaded when it is asked for: it imports node:process, which costs a client 5 ms and 4 MB. */
function systemDirectories(): { data: string; config: string; log: string } {
  const { default: envPaths }: typeof import('env-paths') = createRequire(import.meta.url)('env-paths');
  const { data, config, log } = envPaths('daybook', { suffix: '' });
  return { data: resolve(data), config: resolve(config), log: resolve(log) };
}

/**
 * Refuses a socket path that the operating system would cut off. Bytes count, not characters.
 * @throws DaybookError path_too_long
 */
export function checkSocketPath(path: string, platform: NodeJS.Platform): void {
  const limit = platform === 'darwin' ? limits.socketPathBytesDarwin : limits.socketPathBytesLinux;
  const bytes = Buffer.byteLength(path);
  if (bytes > limit) {
    throw new DaybookError(
      'path_too_long',
      `the socket path is ${bytes} bytes long and this system takes ${limit}: ${path}; ` +
        'set DAYBOOK_HOME to a directory with a shorter name',
    );
  }
}
