import { DaybookError, type ErrorCode } from '../../shared/errors.ts';
import type { CanaryReply } from '../../shared/messages/canary.ts';
import type { Client } from '../index.ts';

/** A daemon that has not answered for so long is not well. */
const PATIENCE_MS = 3_000;

/** Whether an event that the daemon has just sent itself was stored and could be read. */
export type Health = ({ ok: true } & CanaryReply) | { ok: false; code: ErrorCode; message: string };

export async function askHealth(client: Pick<Client, 'canary'>, patienceMs: number = PATIENCE_MS): Promise<Health> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new DaybookError('timeout', `no canary has come back for ${patienceMs / 1000} s`)),
    patienceMs,
  );
  try {
    return { ok: true, ...(await Promise.race([client.canary(), late.promise])) };
  } catch (error) {
    if (!(error instanceof DaybookError)) throw error;
    const message = error.code === 'unknown_kind' ? 'this daemon is too old to send canaries' : error.message;
    return { ok: false, code: error.code, message };
  } finally {
    clearTimeout(timer);
  }
}

/** How long the canary took, in milliseconds, as people read it. */
export function flightText({ commit_ms, read_ms }: CanaryReply): string {
  const ms = commit_ms + read_ms;
  return `a canary came back in ${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}
