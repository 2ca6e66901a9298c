export type Level = 'ok' | 'warning' | 'failed';

/** What one check found. */
export interface Finding {
  readonly check: string;
  readonly level: Level;
  readonly message: string;
  /** The command, or what else is to be done, where something is. */
  readonly cure?: string;
}

export function ok(check: string, message: string): Finding {
  return { check, level: 'ok', message };
}

export function warning(check: string, message: string, cure: string): Finding {
  return { check, level: 'warning', message, cure };
}

export function failed(check: string, message: string, cure: string): Finding {
  return { check, level: 'failed', message, cure };
}
