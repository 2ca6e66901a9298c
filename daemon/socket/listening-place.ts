import { rmSync } from 'node:fs';
import type { Listen } from '../../shared/byte-stream.ts';
import { removeStaleSocket } from '../lifecycle/private-paths.ts';
import { listenOnDescriptor } from './net-listener.ts';
import { SocketFile } from './socket-file.ts';

/** How a daemon comes to listen at its socket path. */
export interface ListeningPlace {
  readonly listen: Listen;
  /** What `listen` binds. */
  readonly path: string;
  /** Call before listening. @throws DaybookError unsafe_path */
  prepare(): void;
  /** Call once it listens. */
  publish(): SocketFile;
}

/** Makes the socket itself. The caller holds the instance lock. */
export function ownPlace(path: string, listen: Listen): ListeningPlace {
  const bound = SocketFile.bindingPath(path);
  return {
    listen,
    path: bound,
    prepare: () => {
      removeStaleSocket(path);
      rmSync(bound, { force: true });
    },
    publish: () => SocketFile.publish(bound, path),
  };
}

/** Listens on a socket that was handed over, and leaves its file to whoever made it. */
export function inheritedPlace(path: string, descriptor: number): ListeningPlace {
  return {
    listen: listenOnDescriptor(descriptor),
    path,
    prepare: () => undefined,
    publish: () => new SocketFile(path, false),
  };
}
