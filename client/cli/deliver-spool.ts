import type { Rejection } from '../../shared/messages/record.ts';
import type { Recovery } from '../record-counters.ts';
import type { SpoolSurvey } from '../spool/survey.ts';
import { openClient } from './open-client.ts';
import { counted, plain, Progress, wholeNumber } from './output.ts';

export interface Drained extends Recovery {
  /** Not delivered, and still there. */
  left: number;
}

/** A daemon that has taken nothing for so long is not waited for. */
const PATIENCE_MS = 30_000;
const NAMED_REJECTIONS = 20;

/**
 * Delivers what ended processes of one client name have left.
 * @param root where the spools are
 * @throws DaybookError not_reachable
 */
export async function deliverSpool(survey: SpoolSurvey, root: string): Promise<Drained> {
  const { client: clientName, owners } = survey;
  const expected = owners.reduce((sum, { alive, events }) => sum + (alive ? 0 : events), 0);
  let recovery: Recovery = { stored: 0, duplicate: 0, rejected: 0, damaged: 0 };
  if (clientName === null) {
    process.stderr.write(`daybook: ${survey.directory} does not say whose it is\n`);
    return { ...recovery, left: expected };
  }
  const client = await openClient({ clientName, spool: { directory: root }, onRejected: rejectionPrinter(clientName) });
  const progress = new Progress();
  const stalled = Promise.withResolvers<never>();
  const giveUp = () => stalled.reject(new Error('the daemon does not take the events'));
  const patience = setTimeout(giveUp, PATIENCE_MS);
  const onProgress = (soFar: Recovery) => {
    recovery = soFar;
    patience.refresh();
    const done = soFar.stored + soFar.duplicate + soFar.rejected;
    progress.show(`${plain(clientName)}: ${wholeNumber(done)} of ${counted(expected, 'event')}`);
  };
  try {
    return { ...(await Promise.race([client.recover({ onProgress }), stalled.promise])), left: 0 };
  } catch (error) {
    process.stderr.write(`daybook: ${plain(clientName)}: ${error instanceof Error ? error.message : String(error)}\n`);
    const done = recovery.stored + recovery.duplicate + recovery.rejected + recovery.damaged;
    return { ...recovery, left: Math.max(expected - done, 1) };
  } finally {
    clearTimeout(patience);
    progress.clear();
    await client.close();
  }
}

function rejectionPrinter(clientName: string): (rejection: Rejection) => void {
  let count = 0;
  return ({ code, message }) => {
    count += 1;
    if (count <= NAMED_REJECTIONS) process.stderr.write(`${plain(clientName)}: rejected: ${message} (${code})\n`);
  };
}
