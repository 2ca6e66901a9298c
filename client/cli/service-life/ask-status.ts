import { DaybookError } from '../../../shared/errors.ts';
import type { StatusReply } from '../../../shared/messages/status.ts';
import { connect } from '../../connect.ts';
import { connectWithNet } from '../../net-transport.ts';

/** A daemon that has said nothing for so long does not answer. */
const PATIENCE_MS = 2_000;

/** - `silent`: connections are taken and nobody answers. - `absent`: nobody takes them. */
export type StatusAnswer = { status: StatusReply } | { without: 'silent' | 'absent' };

/**
 * Hello and status, for two seconds at most.
 * @throws DaybookError when the daemon answers with a refusal
 */
export async function askStatus(patienceMs = PATIENCE_MS): Promise<StatusAnswer> {
  const late = Promise.withResolvers<StatusAnswer>();
  const timer = setTimeout(() => late.resolve({ without: 'silent' }), patienceMs);
  const client = connect({ clientName: 'daybook', transport: connectWithNet, reconnect: false, spool: false });
  try {
    const answer = client.ready().then(async () => ({ status: await client.status() }));
    return await Promise.race([answer, late.promise]);
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error;
    // Gone in the middle of it is gone, too.
    if (error.code === 'not_reachable' || error.code === 'connection_lost') return { without: 'absent' };
    throw error;
  } finally {
    clearTimeout(timer);
    await client.close({ timeoutMs: 0 });
  }
}
