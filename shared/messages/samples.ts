import { limits } from '../limits.ts';
import {
  anyFieldsOf,
  type Fields,
  fieldsOf,
  finiteNumber,
  invalid,
  isAbsent,
  oneOf,
  optionalNumber,
  optionalText,
  wholeNumber,
} from './fields.ts';
import type { MessageKind } from './message-kind.ts';
import { parsePaging } from './paging.ts';
import { type Order, orders } from './query.ts';

/** How the system was at a moment. The names are those of the system Daybook follows; null is what nobody has said. */
export interface SampleFigures {
  /** Events stored. */
  total_events: number | null;
  /** Mean since the sample before. */
  events_per_second: number | null;
  active_embryos: number | null;
  avg_fitness: number | null;
  /** Database file and write-ahead log, MiB. */
  storage_mb: number | null;
}

export interface Sample extends SampleFigures {
  id: number;
  /** Seconds. */
  timestamp: number;
}

export interface StoreSampleRequest extends Partial<SampleFigures> {
  /** Of a sample from elsewhere. Without it the sample is of now, and the daemon adds its own figures. */
  timestamp?: number;
}

const figureNames = ['total_events', 'events_per_second', 'active_embryos', 'avg_fitness', 'storage_mb'] as const;

/** Stores one sample; the reply comes after COMMIT. One that has a timestamp can be repeated safely. */
export const storeSample: MessageKind<StoreSampleRequest, { id: number }> = {
  kind: 'store-sample',

  parseRequest(body) {
    const fields = fieldsOf(body, ['timestamp', ...figureNames]);
    const timestamp = optionalNumber(fields, 'timestamp');
    if (
      timestamp !== undefined &&
      (timestamp < limits.timestampMinSeconds || timestamp >= limits.timestampMaxSeconds)
    ) {
      throw invalid('timestamp must be seconds since 1970');
    }
    const figures = figuresIn(fields);
    const given = Object.entries(figures).filter(([, value]) => value !== null);
    return { ...Object.fromEntries(given), ...(timestamp !== undefined && { timestamp }) };
  },

  parseReply: (body) => ({ id: wholeNumber(anyFieldsOf(body), 'id', 1, Number.MAX_SAFE_INTEGER) }),
};

export interface SamplesRequest {
  /** Earliest timestamp, seconds, inclusive. */
  since?: number;
  /** Latest timestamp, seconds, exclusive. */
  until?: number;
  /** By id. */
  order: Order;
  limit: number;
  /** Where the page before ended. */
  cursor?: string;
}

export interface SamplesReply {
  samples: Sample[];
  /** Hand it back for the next page; null when there is nothing more. */
  cursor: string | null;
}

/** One page of samples. */
export const samples: MessageKind<SamplesRequest, SamplesReply> = {
  kind: 'samples',

  parseRequest(body) {
    const fields = fieldsOf(body, ['since', 'until', 'order', 'limit', 'cursor']);
    const since = optionalNumber(fields, 'since');
    const until = optionalNumber(fields, 'until');
    return {
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
      order: isAbsent(fields['order']) ? 'desc' : oneOf(fields, 'order', orders),
      ...parsePaging(fields),
    };
  },

  parseReply(body) {
    const fields = anyFieldsOf(body);
    const list = fields['samples'];
    if (!Array.isArray(list)) throw invalid('samples must be a list');
    return { samples: list.map(parseSample), cursor: optionalText(fields, 'cursor') ?? null };
  },
};

function parseSample(value: unknown): Sample {
  const fields = anyFieldsOf(value, 'a sample');
  return {
    id: wholeNumber(fields, 'id', 1, Number.MAX_SAFE_INTEGER),
    timestamp: finiteNumber(fields, 'timestamp'),
    ...figuresIn(fields),
  };
}

function figuresIn(fields: Fields): SampleFigures {
  const figure = (name: (typeof figureNames)[number]) => optionalNumber(fields, name) ?? null;
  return {
    total_events: figure('total_events'),
    events_per_second: figure('events_per_second'),
    active_embryos: figure('active_embryos'),
    avg_fitness: figure('avg_fitness'),
    storage_mb: figure('storage_mb'),
  };
}
