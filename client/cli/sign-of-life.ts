import { dirname } from 'node:path';
import { type ByteStream, type Transport } from '../../shared/byte-stream.ts';
import { encode } from '../../shared/codec.ts';
import { encodeFrame } from '../../shared/frame.ts';
import { hello } from '../../shared/messages/hello.ts';
import { protocolVersions } from '../../shared/protocol-version.ts';
import { readStartNotice } from '../../shared/start-notice.ts';

/** A timer this late says that this process or the machine stood still, not the daemon. */
const LATE_MS = 1_000;

/**
 * Whether the daemon answers a hello on a connection of its own, with whatever, or says that it is starting. What is long
 * is done beside the thread that answers, so a daemon at work says hello at once.
 */
export async function givesSignOfLife(transport: Transport, socketPath: string, patienceMs: number): Promise<boolean> {
  for (;;) {
    const beganMs = performance.now();
    if (await saysHello(transport, socketPath, patienceMs)) return true;
    if (readStartNotice(dirname(socketPath)) !== undefined) return true;
    if (performance.now() - beganMs < patienceMs + LATE_MS) return false;
  }
}

async function saysHello(transport: Transport, socketPath: string, patienceMs: number): Promise<boolean> {
  const said = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => said.resolve(false), patienceMs);
  let stream: ByteStream | undefined;
  try {
    stream = await transport(socketPath, () => ({
      onData: () => said.resolve(true),
      onDrain: () => undefined,
      onClose: () => said.resolve(false),
    }));
    const body = { protocol: protocolVersions, client: { name: 'daybook', pid: process.pid }, capabilities: [] };
    stream.write(encodeFrame(hello.kind, 0, encode(body)));
    return await said.promise;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    stream?.destroy();
  }
}
