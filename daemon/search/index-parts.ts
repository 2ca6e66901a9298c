/** Ids of one part of the index, a table of its own: few enough that no statement on it takes long. */
export const PART_IDS = 2 ** 18;
/** Ids of which the index knows between which times they lie. */
export const ZONE_IDS = 2 ** 12;

export interface Part {
  number: number;
  /** Its ids, both inclusive. */
  from: number;
  to: number;
}

export function partOf(id: number): Part {
  return partNumbered(Math.floor((id - 1) / PART_IDS));
}

export function partNumbered(number: number): Part {
  return { number, from: number * PART_IDS + 1, to: (number + 1) * PART_IDS };
}

export function zoneOf(id: number): number {
  return Math.floor((id - 1) / ZONE_IDS);
}
