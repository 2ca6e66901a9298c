import { type Charset, blocks } from './charset.ts';
import { type Figures, nothingKnown } from './figures.ts';
import { sortOrders, type SortOrder } from './sorted-types.ts';

/** Where the figures come from, and whether they are of now. */
export type Origin =
  | { state: 'connecting'; at: string }
  | { state: 'live' }
  /** The daemon is gone; the figures are those of `since`, seconds, null when there are none. */
  | { state: 'lost'; at: string; since: number | null }
  | { state: 'file'; path: string };

/** Everything a screen is made of. */
export interface View {
  figures: Figures;
  origin: Origin;
  /** Seconds. */
  now: number;
  charset: Charset;
  isPaused: boolean;
  showsHelp: boolean;
  /** Whether there is somebody to press keys. */
  hasKeys: boolean;
  sort: SortOrder;
  /** Part of the name of a type or a source; empty for all. */
  filter: string;
  /** What has been typed of a filter so far; undefined when nobody types. */
  typed: string | undefined;
  /** What could not be asked for just now. */
  problem: string | undefined;
}

export function emptyView(origin: Origin, now: number, charset: Charset = blocks): View {
  return {
    figures: nothingKnown,
    origin,
    now,
    charset,
    isPaused: false,
    showsHelp: false,
    hasKeys: true,
    sort: sortOrders[0],
    filter: '',
    typed: undefined,
    problem: undefined,
  };
}

export function isOld({ origin }: View): boolean {
  return origin.state === 'lost';
}

/** Whether a type or source is one of those to show. */
export function matchesFilter(filter: string, ...names: readonly string[]): boolean {
  const wanted = filter.toLowerCase();
  return wanted === '' || names.some((name) => name.toLowerCase().includes(wanted));
}
