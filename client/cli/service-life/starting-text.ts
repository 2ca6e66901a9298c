import type { StartNotice } from '../../../shared/start-notice.ts';
import { durationText, plain } from '../output.ts';

/** What a daemon is at that starts: `bringing the database from schema 3 to 4, 12s so far`. */
export function startingText({ doing, share, started }: StartNotice): string {
  const sofar = `${durationText(Math.max(Date.now() / 1000 - started, 0))} so far`;
  return `${plain(doing)}${share === null ? '' : `, ${Math.floor(share * 100)} %`}, ${sofar}`;
}
