import { DaybookError, type ErrorCode, errorCodes, isErrorCode } from '../errors.ts';
import { anyFieldsOf, optionalFlag, text } from './fields.ts';

/** Body of an `error` answer. */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
  retryable: boolean;
}

export function errorBody(error: DaybookError): ErrorBody {
  return { code: error.code, message: error.message, retryable: error.retryable };
}

/**
 * The error that a daemon answered with. A code this build does not know becomes `internal`, its name kept, and is as
 * retryable as the daemon says.
 */
export function errorFromBody(body: unknown): DaybookError {
  const fields = anyFieldsOf(body);
  const code = fields['code'];
  const message = text(fields, 'message');
  if (isErrorCode(code)) return new DaybookError(code, message);
  const retryable = optionalFlag(fields, 'retryable') ?? errorCodes.internal.retryable;
  return new DaybookError('internal', `${String(code)}: ${message}`, { retryable });
}
