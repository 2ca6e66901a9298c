/** Entry of the verifying process: a read-only connection that checks one page at a time. Ends with its daemon. */
import { constants, setPriority } from 'node:os';
import { DaybookError } from '../../shared/errors.ts';
import { errorBody } from '../../shared/messages/error-body.ts';
import type { VerifyReply, VerifyRequest } from '../../shared/messages/verify.ts';
import { openReader } from '../storage/open-database.ts';
import { storageFailure } from '../storage/storage-failure.ts';
import { EventVerification } from './verify-events.ts';
import type { FromVerifier, ToVerifier } from './verify-messages.ts';

const [, , databasePath = ''] = process.argv;
let verification: EventVerification | undefined;

// Whoever records or asks goes first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
process.on('disconnect', () => process.exit(0));
process.on('message', ({ key, request }: ToVerifier) => {
  let answer: FromVerifier;
  try {
    answer = { key, reply: check(request) };
  } catch (error) {
    const known =
      error instanceof DaybookError
        ? error
        : new DaybookError('storage_error', `the database could not be read (${String(error)})`, { cause: error });
    answer = { key, error: errorBody(known) };
  }
  process.send?.(answer);
});

function check({ afterId }: VerifyRequest): VerifyReply {
  try {
    verification ??= new EventVerification(openReader(databasePath));
    return verification.page(afterId);
  } catch (error) {
    if (storageFailure(error) !== 'damaged') throw error;
    // Too damaged to look any further.
    const message = error instanceof Error ? error.message : String(error);
    return { checked: 0, damaged: [], afterId: null, structure: [`the database cannot be read: ${message}`] };
  }
}
