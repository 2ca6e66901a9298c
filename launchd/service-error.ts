/** Why the operating system's service could not be set up or moved to another state. */
export type ServiceErrorCode =
  | 'unsupported_platform'
  | 'wrong_user'
  | 'invalid_definition'
  | 'unwritable'
  | 'not_installed'
  | 'no_session'
  | 'command_missing'
  | 'command_failed'
  | 'timed_out';

/**
 * A service operation that did not happen. `cure` is what the person at the keyboard can do about it; the message ends
 * with it, so printing the message alone is enough.
 */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: ServiceErrorCode;
  readonly cure: string;

  constructor(code: ServiceErrorCode, problem: string, cure: string, options?: ErrorOptions) {
    super(`${problem}; ${cure}`, options);
    this.code = code;
    this.cure = cure;
  }
}
