import { shown } from './cells.ts';
import { edges, type Line, type Span, span } from './line.ts';
import type { View } from './view.ts';

/** Which keys do what; while somebody types a filter, that. */
export function footer(view: View, width: number): Line {
  if (view.typed !== undefined) {
    return edges(
      width,
      [span('filter by type or source: '), span(shown(view.typed), 'bold'), span('_')],
      [span('Enter applies, Esc leaves', 'dim')],
    );
  }
  if (!view.hasKeys) return edges(width, [span('Ctrl-C quits', 'dim')], filter(view));
  const keys = [
    ['q', 'quit'],
    ['p', view.isPaused ? 'go on' : 'pause'],
    ['f', 'filter'],
    ['s', `sort: ${view.sort}`],
    ['?', view.showsHelp ? 'back' : 'help'],
  ] as const;
  const spans = keys.flatMap(([key, does]) => [span(key, 'bold'), span(` ${does}   `, 'dim')]);
  return edges(width, spans, filter(view));
}

function filter({ filter: text }: View): Span[] {
  return text === '' ? [] : [span('only ', 'dim'), span(shown(text), 'yellow'), span(' (Esc shows all)', 'dim')];
}
