import type { Database, Statement } from 'better-sqlite3';

/** An event as retention looks at it. */
export interface Candidate {
  id: number;
  timestamp: number;
  identity: Buffer;
  arrived: number;
  type_id: number;
  source_id: number;
  action_id: number | null;
  /** Bytes of the payload as it is kept. */
  size: number;
}

export type Verdict = 'remove' | 'keep' | 'end';

/** A way through the events, a few at a time. */
export interface RetentionWalk {
  /** The next ones at most; none at the end. */
  next: (rows: number) => Candidate[];
  /** `end`: neither this one nor any behind it. */
  judge: (row: Candidate) => Verdict;
  /** This one and all before it were judged, and removed or kept. */
  pass: (row: Candidate) => void;
  /** Called in the transaction in which that is so. */
  save?: () => void;
}

const COLUMNS = 'id, timestamp, identity, arrived, type_id, source_id, action_id, octet_length(data) AS size';

export type Window<Place extends unknown[]> = Statement<[...Place, rows: number], Candidate>;

export function arrivalWindow(db: Database): Window<[afterId: number]> {
  return db.prepare(`SELECT ${COLUMNS} FROM event WHERE id > ? ORDER BY id LIMIT ?`);
}

export function timestampWindow(db: Database): Window<[timestamp: number, identity: Buffer, until: number]> {
  return db.prepare(
    `SELECT ${COLUMNS} FROM event INDEXED BY event_identity
     WHERE (timestamp, identity) > (?, ?) AND timestamp < ? ORDER BY timestamp, identity LIMIT ?`,
  );
}

/** From an id on, in the order of arrival. */
export class ArrivalWalk implements RetentionWalk {
  afterId: number;
  readonly judge: (row: Candidate) => Verdict;
  readonly save?: () => void;
  readonly #window: Window<[number]>;

  /** @param save told in each transaction how far it is */
  constructor(
    window: Window<[number]>,
    afterId: number,
    judge: (row: Candidate) => Verdict,
    save?: (afterId: number) => void,
  ) {
    this.#window = window;
    this.afterId = afterId;
    this.judge = judge;
    if (save !== undefined) this.save = () => save(this.afterId);
  }

  next(rows: number): Candidate[] {
    return this.#window.all(this.afterId, rows);
  }

  pass({ id }: Candidate): void {
    this.afterId = id;
  }
}

/** Events with a timestamp in a range. */
export class TimestampWalk implements RetentionWalk {
  readonly judge: (row: Candidate) => Verdict;
  readonly #window: Window<[number, Buffer, number]>;
  readonly #untilSeconds: number;
  #timestamp: number;
  #identity: Buffer = Buffer.alloc(0);

  constructor(
    window: Window<[number, Buffer, number]>,
    range: { sinceSeconds: number; untilSeconds: number },
    judge: (row: Candidate) => Verdict,
  ) {
    this.#window = window;
    this.#timestamp = range.sinceSeconds;
    this.#untilSeconds = range.untilSeconds;
    this.judge = judge;
  }

  next(rows: number): Candidate[] {
    return this.#window.all(this.#timestamp, this.#identity, this.#untilSeconds, rows);
  }

  pass({ timestamp, identity }: Candidate): void {
    this.#timestamp = timestamp;
    this.#identity = identity;
  }
}
