import type { ErrorBody } from '../../shared/messages/error-body.ts';
import type { VerifyReply, VerifyRequest } from '../../shared/messages/verify.ts';

/** Between the daemon and its verifying process. */
export interface ToVerifier {
  key: number;
  request: VerifyRequest;
}

export type FromVerifier = { key: number; reply: VerifyReply } | { key: number; error: ErrorBody };

/** What a process looks through at a low rate. */
export interface WalkOrder {
  databasePath: string;
  /** Of a core, over 0 and up to 1. */
  share: number;
  /** Events of a slice at most. */
  rows: number;
}

export interface WalkResult {
  /** Seconds since 1970. */
  started: number;
  checked: number;
  /** Ids, the first of them. */
  damaged: number[];
  structure: 'ok' | string[];
  /** What is wrong with the search index. */
  wrong: string[];
}

export type FromWalk = { result: WalkResult } | { failure: string; isDamaged: boolean };
