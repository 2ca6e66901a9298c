import { limits } from '../limits.ts';
import { anyFieldsOf, fieldsOf, finiteNumber, invalid } from './fields.ts';
import type { MessageKind } from './message-kind.ts';
import { label } from './origin.ts';

export interface DeclareSourceRequest {
  source: string;
  /** It will have an event at least this often, as long as the daemon runs; null takes a cadence back. */
  cadence_seconds: number | null;
}

/** Says how often a source has events. Kept until it is changed. The reply comes after COMMIT. Safe to repeat. */
export const declareSource: MessageKind<DeclareSourceRequest, Record<string, never>> = {
  kind: 'declare-source',

  parseRequest(body) {
    const fields = fieldsOf(body, ['source', 'cadence_seconds']);
    return { source: label(fields, 'source'), cadence_seconds: parseCadence(fields) };
  },

  parseReply: (body) => {
    anyFieldsOf(body);
    return {};
  },
};

function parseCadence(fields: { readonly [name: string]: unknown }): number | null {
  // Absent is no way of taking it back: it may be a name written wrong.
  if (fields['cadence_seconds'] === null) return null;
  const seconds = finiteNumber(fields, 'cadence_seconds');
  const min = limits.cadenceMinMs / 1000;
  const max = limits.cadenceMaxSeconds;
  if (seconds < min || seconds > max) throw invalid(`cadence_seconds must be from ${min} to ${max}, or nil`);
  return seconds;
}
