import { counted } from '../output.ts';
import { shown } from './cells.ts';
import { edges, type Line, type Span, span } from './line.ts';
import { momentText } from './texts.ts';
import type { View } from './view.ts';

/** Whose figures these are, whether they are of now, and what is wrong. */
export function header(view: View, width: number): Line {
  return edges(width, [span('Daybook  ', 'bold'), ...left(view)], right(view));
}

function left(view: View): Span[] {
  const { origin, now, figures } = view;
  switch (origin.state) {
    case 'connecting':
      return [span('no daemon answers yet', 'yellow'), span(`, trying ${shown(origin.at)}`, 'dim')];
    case 'lost':
      return [span('no daemon answers', 'red'), span(', trying again', 'dim')];
    case 'file':
      return [span(shown(origin.path)), span(', read only', 'dim')];
    default: {
      const { daemon } = figures;
      const state = view.isPaused ? span('paused', 'yellow') : span('live', 'green');
      if (daemon === null) return [state];
      return [
        state,
        span(`  daemon ${shown(daemon.version)}, pid ${daemon.pid}, since ${momentText(daemon.started, now)}`, 'dim'),
      ];
    }
  }
}

function right({ origin, figures: { daemon }, now, problem }: View): Span[] {
  if (origin.state === 'lost') {
    return origin.since === null ? [] : [span(`numbers of ${momentText(origin.since, now)}`, 'yellow')];
  }
  if (origin.state === 'file') return [span('no daemon', 'dim')];
  if (problem !== undefined) return [span(problem, 'yellow')];
  if (daemon === null) return [];
  if (!daemon.stores) return [span('stores nothing (enable_persistence is false)', 'yellow')];
  if (daemon.disk_full) return [span('the disk is full: nothing is stored', 'red')];
  if (daemon.gaps === null) return [];
  return daemon.gaps === 0
    ? [span('no gaps known', 'dim')]
    : [span(`${counted(daemon.gaps, 'gap')}: daybook gaps`, 'yellow')];
}
