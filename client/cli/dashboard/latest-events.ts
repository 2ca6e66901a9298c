import type { StoredEvent } from '../../index.ts';
import { matchesFilter } from './view.ts';

/** The newest events by their timestamps, each once. */
export class LatestEvents {
  #events: StoredEvent[] = [];
  #most: number;
  #filter = '';

  constructor(most: number) {
    this.#most = most;
  }

  get list(): StoredEvent[] {
    return this.#events;
  }

  /** How many are kept. */
  get most(): number {
    return this.#most;
  }

  set most(most: number) {
    this.#most = most;
    this.#events = this.#events.slice(0, most);
  }

  /** Part of the name of a type or source. Nothing is left of what was kept before. */
  set filter(filter: string) {
    this.#filter = filter;
    this.#events = [];
  }

  /** Returns whether one of them is among the newest. */
  add(events: readonly StoredEvent[]): boolean {
    const known = new Set(this.#events.map(({ id }) => id));
    const added = events.filter(({ id, type, source }) => {
      // Events of a daemon that stores nothing all have the id 0.
      if (id !== 0 && known.has(id)) return false;
      known.add(id);
      return matchesFilter(this.#filter, type, source);
    });
    if (added.length === 0) return false;
    const before = this.#events;
    this.#events = [...added.toReversed(), ...before]
      .toSorted((a, b) => b.timestamp - a.timestamp || b.id - a.id)
      .slice(0, this.#most);
    return this.#events.some((event, place) => event !== before[place]);
  }
}
