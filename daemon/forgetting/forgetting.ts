import { statSync } from 'node:fs';
import { DaybookError } from '../../shared/errors.ts';
import type {
  ForgetReply,
  ForgetRequest,
  ForgetTracesReply,
  ForgetTracesRequest,
  TracePlace,
} from '../../shared/messages/forget.ts';
import { removeSearchIndex, searchIndexPath } from '../search/index-file.ts';
import type { Indexer } from '../search/indexer.ts';
import type { Writer } from '../writer/writer.ts';
import type { ClearedRemains } from './clear-remains.ts';
import type { UnusedNamesForgotten } from './forget-traces.ts';

export interface ForgettingParts {
  writer: Pick<Writer, 'housekeep' | 'databaseId'>;
  databasePath: string;
  /** Undefined when there is no search. */
  indexer: () => Pick<Indexer, 'forget' | 'isUsable'> | undefined;
}

/**
 * What is forgotten on request. The writer deletes events, and clears what they leave in the database; in between the
 * indexer clears its parts of the index. Where that ends early, the database remembers that it was not finished.
 */
export class Forgetting {
  readonly #parts: ForgettingParts;

  constructor(parts: ForgettingParts) {
    this.#parts = parts;
  }

  /** @throws DaybookError invalid_cursor, and what the writer refuses */
  async forget({ databaseId, ids, patternIds }: ForgetRequest): Promise<ForgetReply> {
    this.#check(databaseId);
    return (await this.#parts.writer.housekeep({ kind: 'forget', ids, patternIds })) as ForgetReply;
  }

  /** @throws DaybookError invalid_cursor, and what the writer refuses */
  async clearTraces({ databaseId, thorough }: ForgetTracesRequest): Promise<ForgetTracesReply> {
    this.#check(databaseId);
    return this.#clear(await this.#forgetNames(), thorough);
  }

  /** Goes on where an earlier daemon has not finished. Returns whether there was something to do. */
  async resume(): Promise<boolean> {
    const unfinished = await this.#parts.writer.housekeep({ kind: 'forget-state' });
    if (!(unfinished as { isUnfinished: boolean }).isUnfinished) return false;
    await this.#clear(await this.#forgetNames(), false);
    return true;
  }

  async #forgetNames(): Promise<UnusedNamesForgotten> {
    return (await this.#parts.writer.housekeep({ kind: 'forget-names' })) as UnusedNamesForgotten;
  }

  async #clear({ names, traces }: UnusedNamesForgotten, isThorough: boolean): Promise<ForgetTracesReply> {
    const left: TracePlace[] = [];
    let bytesRewritten = 0;
    try {
      bytesRewritten += await this.#clearIndex(isThorough ? 'all' : (traces?.indexParts ?? []));
    } catch {
      left.push('index');
    }
    const file = (await this.#parts.writer.housekeep({
      kind: 'clear-remains',
      traces: left.length === 0 ? traces : null,
    })) as ClearedRemains;
    if (file.isLogLeft) left.push('log');
    if (file.isLogLeft || file.isFileLeft) left.push('file');
    return { names, bytesRewritten: bytesRewritten + file.bytes, left };
  }

  /** Returns the bytes that the index had. */
  async #clearIndex(parts: readonly number[] | 'all'): Promise<number> {
    if (parts.length === 0) return 0;
    const path = searchIndexPath(this.#parts.databasePath);
    const bytes = sizeOf(path) + sizeOf(`${path}-wal`);
    const indexer = this.#parts.indexer();
    if (indexer === undefined) removeSearchIndex(path);
    else await indexer.forget(parts);
    return bytes;
  }

  #check(databaseId: string): void {
    if (databaseId === this.#parts.writer.databaseId) return;
    throw new DaybookError('invalid_cursor', 'the ids are those of another database');
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
