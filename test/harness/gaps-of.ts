import type { Gap, GapsReply } from '../../shared/messages/gaps.ts';
import type { DaemonProcess } from './daemon-process.ts';
import { RawClient } from './raw-client.ts';

/** Everything a daemon knows to be missing, as long as it fits into a page. */
export async function gapsOf(daemon: DaemonProcess): Promise<Gap[]> {
  const raw = await RawClient.greet(daemon.paths.socket);
  raw.send('gaps', 2, { limit: 1_000 });
  const { kind, body } = await raw.answer(2);
  raw.destroy();
  if (kind !== 'reply') throw new Error(`the daemon answered ${kind}: ${JSON.stringify(body)}`);
  return (body as GapsReply).gaps;
}
