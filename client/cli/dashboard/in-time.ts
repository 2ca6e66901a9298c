import { DaybookError } from '../../../shared/errors.ts';

/** A daemon that says nothing for so long is as good as gone. */
const PATIENCE_MS = 20_000;

/** The same, or `timeout` when nobody answers. @throws DaybookError */
export async function inTime<Answer>(asked: Promise<Answer>): Promise<Answer> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new DaybookError('timeout', 'the daemon does not answer')), PATIENCE_MS);
  try {
    return await Promise.race([asked, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
