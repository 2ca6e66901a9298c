import type { DaybookError } from '../../shared/errors.ts';
import type { Ingest, QueuedWork, Sender } from './ingest.ts';

/**
 * Has the writer do something in the place of a sender, in the order of what it sends. Resolves after COMMIT, with the
 * body of a reply.
 * @throws DaybookError
 */
export function commitFor(
  ingest: Pick<Ingest, 'commit'>,
  sender: Sender,
  work: Exclude<QueuedWork, { kind: 'record' }>,
  bytes: number,
): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const standIn: Sender = {
    id: sender.id,
    reply: (_requestId, body) => resolve(body),
    send: (kind, requestId, body) => sender.send(kind, requestId, body),
    refuseRequest: (_requestId, error: DaybookError) => reject(error),
    pause: (reason) => sender.pause(reason),
    resume: (reason) => sender.resume(reason),
  };
  ingest.commit(standIn, 0, work, bytes);
  return promise;
}
