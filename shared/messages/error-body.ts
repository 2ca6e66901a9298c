import { DaybookError, type ErrorCode, isErrorCode } from '../errors.ts';
import { anyFieldsOf, text } from './fields.ts';

/** Body of an `error` answer. */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
  retryable: boolean;
}

export function errorBody(error: DaybookError): ErrorBody {
  return { code: error.code, message: error.message, retryable: error.retryable };
}

/** The error that a daemon answered with. A code this build does not know becomes `internal`, its name kept. */
export function errorFromBody(body: unknown): DaybookError {
  const fields = anyFieldsOf(body);
  const code = fields['code'];
  const message = text(fields, 'message');
  return isErrorCode(code)
    ? new DaybookError(code, message)
    : new DaybookError('internal', `${String(code)}: ${message}`);
}
