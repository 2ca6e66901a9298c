import { IdSet } from './id-set.ts';
import { identityEntry } from './identity-index.ts';
import { indexRows } from './index-rows.ts';
import type { PageFile } from './page-file.ts';
import type { PageMap } from './page-map.ts';
import type { SourceTree } from './source-trees.ts';

/** Indexes of the events, and how many values a row of them has. */
const INDEXES = [
  ['event_identity', 3],
  ['event_by_name', 4],
] as const;

type Trees = ReadonlyMap<string, SourceTree>;

/** Which events there were, apart from the table that holds them. */
export interface KnownEvents {
  ids: IdSet;
  /** How many there were; undefined when the counts are damaged, or disagree. */
  count: number | undefined;
  /** Those of `ids` are all. */
  areAll: boolean;
  /** Their span, seconds; all of time when it cannot be known. */
  sinceSeconds: number;
  untilSeconds: number;
}

/** Reads it from the indexes, one after the other until one of them has every event, and from the counts. */
export function readKnownEvents(file: PageFile, map: PageMap, trees: Trees): KnownEvents {
  const count = readCount(file, map, trees);
  const ids = new IdSet();
  let areAll = false;
  let sinceSeconds = Number.POSITIVE_INFINITY;
  let untilSeconds = Number.NEGATIVE_INFINITY;
  for (const [name, columns] of INDEXES) {
    const tree = trees.get(name);
    if (tree === undefined || areAll) continue;
    const ofIndex = new IdSet();
    for (const row of indexRows(file, map, tree.root)) {
      const id = row.length === columns ? row.at(-1) : undefined;
      if (typeof id !== 'bigint' || id < 1n || id > Number.MAX_SAFE_INTEGER) continue;
      ofIndex.add(Number(id));
      const timestamp = identityEntry(row)?.timestamp;
      if (timestamp === undefined) continue;
      sinceSeconds = Math.min(sinceSeconds, timestamp);
      untilSeconds = Math.max(untilSeconds, timestamp);
    }
    ids.addAll(ofIndex);
    areAll = tree.isWhole && ofIndex.size === count;
  }
  const span =
    untilSeconds < sinceSeconds ? { sinceSeconds: 0, untilSeconds: Date.now() / 1000 } : { sinceSeconds, untilSeconds };
  return { ids, count, areAll, ...span };
}

/** Events are counted by hour, and by name. */
function readCount(file: PageFile, map: PageMap, trees: Trees): number | undefined {
  const byHour = sum(file, map, trees.get('rollup'), ([, , , , recorded, removed]) => [recorded, removed]);
  const byType = sum(file, map, trees.get('name'), ([kind, , , events]) => [kind === 'type' ? events : 0n, 0n]);
  return byHour === undefined || byType === undefined || byHour === byType ? (byHour ?? byType) : undefined;
}

/** The sum of the differences that rows show; undefined when not all rows can be read. */
function sum(
  file: PageFile,
  map: PageMap,
  tree: SourceTree | undefined,
  termsOf: (row: unknown[]) => [unknown, unknown],
): number | undefined {
  if (tree === undefined || !tree.isWhole) return undefined;
  let total = 0n;
  for (const row of indexRows(file, map, tree.root)) {
    const [plus, minus] = termsOf(row);
    if (typeof plus !== 'bigint' || typeof minus !== 'bigint') return undefined;
    total += plus - minus;
  }
  return total < 0n ? undefined : Number(total);
}
