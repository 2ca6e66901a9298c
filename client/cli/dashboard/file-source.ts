import { statSync } from 'node:fs';
import { DaybookError } from '../../../shared/errors.ts';
import type { FigureSource } from './dashboard.ts';
import { fileFigures } from './file-figures.ts';
import type { Figures } from './figures.ts';

/** How often the file is looked at: its size and its time, nothing in it. */
const LOOK_MS = 2_000;
/** The hour that is shown goes on without events too. */
const MINUTE_MS = 60_000;

/**
 * The figures of a database file: read when the file changes, and once a minute.
 * @throws DaybookError as `openDatabase` does
 */
export function fileSource(path: string, onChange: () => void): FigureSource {
  let latest = 1;
  let filter = '';
  let isPaused = false;
  let isStopped = false;
  let problem: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let known = changes(path);
  let readMs = performance.now();
  let figures: Figures = fileFigures(path, latest, filter, Date.now() / 1000);
  const { promise: stopped, resolve } = Promise.withResolvers<void>();

  const read = () => {
    known = changes(path);
    readMs = performance.now();
    try {
      figures = fileFigures(path, latest, filter, Date.now() / 1000);
      problem = undefined;
    } catch (error) {
      if (!(error instanceof DaybookError)) throw error;
      problem = `not readable now: ${error.code}`;
    }
    onChange();
  };
  const look = () => {
    if (!isPaused && (changes(path) !== known || performance.now() - readMs >= MINUTE_MS)) read();
    lookLater();
  };
  const lookLater = () => {
    clearTimeout(timer);
    if (!isStopped) timer = setTimeout(look, LOOK_MS);
  };
  return {
    origin: { state: 'file', path },
    get figures() {
      return figures;
    },
    get problem() {
      return problem;
    },
    set latest(most: number) {
      const isMore = most > latest;
      latest = most;
      if (isMore) read();
    },
    set filter(text: string) {
      filter = text;
      read();
    },
    set isPaused(paused: boolean) {
      isPaused = paused;
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      resolve();
    },
    run() {
      lookLater();
      return stopped;
    },
  };
}

function changes(path: string): string {
  return [path, `${path}-wal`]
    .map((each) => statSync(each, { bigint: true, throwIfNoEntry: false }))
    .map((stat) => (stat === undefined ? '' : `${stat.ino} ${stat.size} ${stat.mtimeNs}`))
    .join('|');
}
