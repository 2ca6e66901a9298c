import { DaybookError } from '../../shared/errors.ts';

/** A daemon that takes connections and gives no sign of life. Its process is there, so starting it would not help. */
export class DaemonSilent extends DaybookError {
  constructor(socketPath: string, silentMs: number) {
    super(
      'not_reachable',
      `the daemon at ${socketPath} takes connections and has said nothing for ${Math.round(silentMs / 1000)} s`,
    );
  }
}
