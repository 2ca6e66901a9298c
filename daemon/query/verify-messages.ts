import type { ErrorBody } from '../../shared/messages/error-body.ts';
import type { VerifyReply, VerifyRequest } from '../../shared/messages/verify.ts';

/** Between the daemon and its verifying process. */
export interface ToVerifier {
  key: number;
  request: VerifyRequest;
}

export type FromVerifier = { key: number; reply: VerifyReply } | { key: number; error: ErrorBody };
