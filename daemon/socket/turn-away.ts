import { setTimeout as sleep } from 'node:timers/promises';
import { type Environment, inheritedDescriptor } from './inherited-socket.ts';
import { listenOnDescriptor } from './net-listener.ts';

/** Long enough to take in what waits. */
const DURATION_MS = 50;

/**
 * Hangs up on everybody who waits at a socket that was handed over. A daemon that refuses to start would otherwise be
 * started again at once, because somebody waits: now it takes another client, or the next try of the same one.
 */
export async function turnAwayWaiting(environment: Environment, pid: number): Promise<void> {
  const descriptor = inheritedDescriptor(environment, pid);
  if (descriptor === undefined) return;
  const listener = await listenOnDescriptor(descriptor)('', 1_000, (stream) => {
    stream.destroy();
    return { onData: () => undefined, onDrain: () => undefined, onClose: () => undefined };
  });
  await sleep(DURATION_MS);
  listener.close();
}
