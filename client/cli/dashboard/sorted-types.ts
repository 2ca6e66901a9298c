import type { TypeFigures } from './figures.ts';

export const sortOrders = ['count', 'rate', 'name'] as const;
export type SortOrder = (typeof sortOrders)[number];

export function nextOrder(order: SortOrder): SortOrder {
  return sortOrders[(sortOrders.indexOf(order) + 1) % sortOrders.length] ?? 'count';
}

export function sortedTypes(types: readonly TypeFigures[], order: SortOrder): TypeFigures[] {
  return types.toSorted(
    (a, b) =>
      (order === 'rate' && (b.events_per_second ?? 0) - (a.events_per_second ?? 0)) ||
      (order !== 'name' && b.events - a.events) ||
      (a.type < b.type ? -1 : Number(a.type > b.type)),
  );
}
