import {
  anyFieldsOf,
  fieldsOf,
  finiteNumber,
  invalid,
  isAbsent,
  oneOf,
  optionalFlag,
  text,
  wholeNumber,
} from './fields.ts';
import type { MessageKind } from './message-kind.ts';

/**
 * `live`: events come. `idle`: none have come lately, and nobody has said that they would. `late` and `stalled` are only
 * for a source with a cadence.
 */
export const sourceStates = ['live', 'idle', 'late', 'stalled'] as const;
export type SourceState = (typeof sourceStates)[number];

/** How a source is, judged by what was committed and by nothing else. */
export interface SourceActivity {
  source: string;
  /** Events of it that are stored now. */
  events: number;
  /** The latest timestamp of them, seconds; null when there are none. */
  last_timestamp: number | null;
  /** When the last one was committed, whatever its timestamp: seconds of the wall clock; null when not known. */
  last_committed: number | null;
  /** How often it was declared to have one, at least; null when nobody has. */
  cadence_seconds: number | null;
  state: SourceState;
  /** Awake seconds since its last commit, or since the daemon takes events when it has seen none. */
  silent_seconds: number;
}

export interface SourcesReply {
  /** By name. */
  sources: SourceActivity[];
  /** True when there are more than `limits.sourcesListed`; those with a cadence are all here. */
  partial: boolean;
}

/** Every source that has events or a cadence, and how it is. */
export const sources: MessageKind<Record<string, never>, SourcesReply> = {
  kind: 'sources',

  parseRequest: (body) => {
    fieldsOf(body, []);
    return {};
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    const list = fields['sources'];
    if (!Array.isArray(list)) throw invalid('sources must be a list');
    return { sources: list.map(parseSource), partial: optionalFlag(fields, 'partial') ?? false };
  },
};

function parseSource(value: unknown): SourceActivity {
  const fields = anyFieldsOf(value, 'a source');
  return {
    source: text(fields, 'source'),
    events: wholeNumber(fields, 'events', 0, Number.MAX_SAFE_INTEGER),
    last_timestamp: numberOrNull(fields, 'last_timestamp'),
    last_committed: numberOrNull(fields, 'last_committed'),
    cadence_seconds: numberOrNull(fields, 'cadence_seconds'),
    state: oneOf(fields, 'state', sourceStates),
    silent_seconds: finiteNumber(fields, 'silent_seconds'),
  };
}

function numberOrNull(fields: { readonly [name: string]: unknown }, name: string): number | null {
  return isAbsent(fields[name]) ? null : finiteNumber(fields, name);
}
