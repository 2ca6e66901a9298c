import type { SourceActivity, SourcesReply } from '../../shared/messages/sources.ts';
import type { DeclareSourceRequest } from '../../shared/messages/declare-source.ts';
import { commitFor } from '../ingest/commit-for.ts';
import type { Ingest, Sender } from '../ingest/ingest.ts';
import type { Reader } from '../query/reader.ts';
import type { AwakeClock } from './awake-clock.ts';
import type { KnownSource } from './known-sources.ts';
import { stateWithCadence, stateWithoutCadence } from './source-state.ts';

export interface SourcesParts {
  ingest: Pick<Ingest, 'commit'>;
  reader: Pick<Reader, 'ask'>;
  clock: Pick<AwakeClock, 'nowMs'>;
  /** How long an event may wait for its commit. */
  batchTimeoutMs: () => number;
}

/** Which sources there are, and whether they come as they were said to. Counts when told to; never wakes by itself. */
export class Sources {
  readonly #parts: SourcesParts;
  /** When a source last had a commit, by its number in the dictionary: awake milliseconds. */
  readonly #commits = new Map<number, number>();
  /** When a cadence was last changed, by source: it begins anew then. Awake milliseconds. */
  readonly #declarations = new Map<string, number>();

  constructor(parts: SourcesParts) {
    this.#parts = parts;
  }

  /** Events of these sources were committed. */
  committed(ids: readonly number[]): void {
    if (ids.length === 0) return;
    const nowMs = this.#parts.clock.nowMs();
    for (const id of ids) this.#commits.set(id, nowMs);
  }

  /** Resolves after COMMIT. @throws DaybookError too_many_names, and what the writer refuses */
  async declare(sender: Sender, { source, cadence_seconds: cadenceSeconds }: DeclareSourceRequest): Promise<void> {
    const { ingest, clock } = this.#parts;
    const work = { kind: 'declare-source', source, cadenceSeconds } as const;
    const { changed } = (await commitFor(ingest, sender, work, source.length)) as { changed: boolean };
    if (!changed) return;
    if (cadenceSeconds === null) this.#declarations.delete(source);
    else this.#declarations.set(source, clock.nowMs());
  }

  /** @throws DaybookError what the reader refuses */
  async list(): Promise<SourcesReply> {
    const { sources, partial } = await this.#parts.reader.ask({ kind: 'sources' });
    const nowMs = this.#parts.clock.nowMs();
    const nowSeconds = Date.now() / 1000;
    const list = sources.map((source) => this.#activityOf(source, nowMs, nowSeconds));
    return { sources: list.toSorted((a, b) => (a.source < b.source ? -1 : 1)), partial };
  }

  #activityOf(known: KnownSource, nowMs: number, nowSeconds: number): SourceActivity {
    const { id, source, events, lastTimestamp, lastCommitted, cadenceSeconds } = known;
    const committedMs = id === null ? 0 : (this.#commits.get(id) ?? 0);
    return {
      source,
      events,
      last_timestamp: lastTimestamp,
      last_committed: lastCommitted,
      cadence_seconds: cadenceSeconds,
      state:
        cadenceSeconds === null
          ? stateWithoutCadence(lastCommitted === null ? null : nowSeconds - lastCommitted)
          : this.#stateOf(source, cadenceSeconds, nowMs - committedMs, nowMs),
      silent_seconds: (nowMs - committedMs) / 1000,
    };
  }

  /** A cadence that was declared after the last commit is given its time from then on. */
  #stateOf(source: string, cadenceSeconds: number, silentMs: number, nowMs: number) {
    const declaredMs = this.#declarations.get(source) ?? 0;
    const countedMs = Math.min(silentMs, nowMs - declaredMs);
    return stateWithCadence(cadenceSeconds, countedMs / 1000, this.#parts.batchTimeoutMs() / 1000);
  }
}
