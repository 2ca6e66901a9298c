import { widthOf } from '../../../../client/cli/dashboard/cells.ts';

/** What a terminal shows of what it was sent: as much of ECMA-48 as the dashboard uses, and nothing else. */
export class TerminalScreen {
  columns: number;
  readonly #cells: string[][] = [];
  #row = 0;
  #column = 0;
  /** Private modes that are on. */
  readonly modes = new Set<string>(['?7', '?25']);
  /** Control sequences that were met, by their last character. */
  readonly met = new Map<string, number>();

  constructor(columns: number) {
    this.columns = columns;
  }

  get lines(): string[] {
    return Array.from(this.#cells, (row) =>
      Array.from(row ?? [], (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
  }

  /** @throws Error on a sequence that is not known */
  write(output: string): void {
    // oxlint-disable-next-line no-control-regex
    for (const [, sequence, last, text] of output.matchAll(/\u001b\[([?0-9;]*)([a-zA-Z])|([^\u001b]+|\u001b)/g)) {
      if (text === undefined) this.#control(sequence ?? '', last ?? '');
      else this.#print(text);
    }
  }

  #control(sequence: string, last: string): void {
    this.met.set(last, (this.met.get(last) ?? 0) + 1);
    const [first = 1, second = 1] = sequence.split(';').map((value) => Number(value) || 1);
    if (last === 'H') [this.#row, this.#column] = [first - 1, second - 1];
    else if (last === 'G') this.#column = first - 1;
    else if (last === 'K') this.#cells[this.#row] = (this.#cells[this.#row] ?? []).slice(0, this.#column);
    else if (last === 'J') this.#cells.length = 0;
    else if (last === 'h') this.modes.add(sequence);
    else if (last === 'l') this.modes.delete(sequence);
    else if (last !== 'm') throw new Error(`the terminal was sent ${JSON.stringify(sequence + last)}`);
  }

  #print(text: string): void {
    const row = (this.#cells[this.#row] ??= []);
    for (const character of text) {
      // oxlint-disable-next-line no-control-regex
      if (/[\u0000-\u001f\u007f-\u009f]/.test(character)) throw new Error(`a raw ${JSON.stringify(character)}`);
      const width = widthOf(character);
      if (width === 0) continue;
      row[this.#column] = character;
      if (width === 2) row[this.#column + 1] = '';
      this.#column += width;
    }
    if (this.#column > this.columns) throw new Error(`line ${this.#row} is ${this.#column} cells wide`);
  }
}
