import { ascii, type Charset } from './charset.ts';
import { type Line, type Look } from './line.ts';

/** Select Graphic Rendition: ECMA-48, 8.3.117. */
const codes: Record<Look, string> = {
  plain: '',
  dim: '2',
  bold: '1',
  cyan: '36',
  green: '32',
  yellow: '33',
  red: '31',
};
const CLEAR = '\u001b[0m\u001b[2J';
/** Terminals that know synchronized output show what is between as one; others pass it over. */
const [BEGIN, END] = ['\u001b[?2026h', '\u001b[?2026l'];

export interface DrawingOptions {
  hasColours: boolean;
  charset: Charset;
}

/**
 * Knows what stands on the screen, and writes only the lines that are other than that. Every piece is put at its column:
 * a text of which the terminal thinks otherwise than we do moves nothing beside it.
 */
export class Drawing {
  readonly #options: DrawingOptions;
  #shown: string[] = [];
  #isClear = false;

  constructor(options: DrawingOptions) {
    this.#options = options;
  }

  /** What to write so that these lines are on the screen; empty when they are. */
  update(lines: readonly Line[]): string {
    const wanted = lines.map((line) => this.#encode(line));
    let output = this.#isClear ? '' : CLEAR;
    const shown = this.#isClear ? this.#shown : [];
    for (const [row, text] of wanted.entries()) {
      // Cleared first: behind a full line that would take its last cell.
      if (text !== (shown[row] ?? '')) output += `\u001b[${row + 1};1H\u001b[K${text}`;
    }
    this.#shown = wanted;
    this.#isClear = true;
    return output === '' ? '' : `${BEGIN}${output}${END}`;
  }

  /** The screen may show anything now: the next update writes all of it. */
  forget(): void {
    this.#isClear = false;
  }

  #encode(line: Line): string {
    const { hasColours, charset } = this.#options;
    let text = '';
    for (const { text: piece, look, at } of line) {
      const code = hasColours ? codes[look] : '';
      const written = charset === ascii ? inAscii(piece) : piece;
      text += `${at === 0 ? '' : `\u001b[${at + 1}G`}${code === '' ? written : `\u001b[${code}m${written}\u001b[0m`}`;
    }
    return text;
  }
}

/** Our own signs; what is in the events is left as it is. */
function inAscii(text: string): string {
  return text.replaceAll('…', '~');
}
