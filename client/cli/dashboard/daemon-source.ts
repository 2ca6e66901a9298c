import type { Client } from '../../index.ts';
import type { FigureSource } from './dashboard.ts';
import { Feed } from './feed.ts';
import type { Figures } from './figures.ts';
import { nothingKnown } from './figures.ts';
import { Looks } from './looks.ts';
import type { Origin } from './view.ts';

/** The figures of a daemon, as they change. @param socketPath for people */
export function daemonSource(socketPath: string, open: () => Promise<Client>, onChange: () => void): FigureSource {
  const feed = new Feed({ open, onChange, latest: 0 });
  return {
    get figures() {
      return feed.figures;
    },
    get problem() {
      return feed.problem;
    },
    get origin(): Origin {
      if (feed.state === 'live') return { state: 'live' };
      return feed.state === 'lost'
        ? { state: 'lost', at: socketPath, since: feed.asOf }
        : { state: 'connecting', at: socketPath };
    },
    set latest(most: number) {
      feed.latest = most;
    },
    set filter(filter: string) {
      feed.filter = filter;
    },
    set isPaused(isPaused: boolean) {
      feed.isPaused = isPaused;
    },
    stop: () => feed.stop(),
    run: () => feed.run(),
  };
}

/** The figures of a daemon now. @param latest how many events @throws DaybookError */
export async function daemonFiguresNow(client: Client, latest: number): Promise<Figures> {
  const looks = new Looks(client, nothingKnown);
  await looks.status();
  await looks.stats();
  await looks.sources();
  await looks.minutes(Number.POSITIVE_INFINITY);
  await looks.learning();
  return { ...looks.figures, latest: await looks.latest(latest, '') };
}
