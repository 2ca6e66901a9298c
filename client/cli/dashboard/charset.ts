/** What lines, bars and curves are made of. */
export interface Charset {
  rule: string;
  dot: string;
  /** From the least to the most. */
  levels: readonly string[];
  /** Parts of a cell, from the left, the last one whole. */
  parts: readonly string[];
}

export const blocks: Charset = {
  rule: '─',
  dot: '·',
  levels: ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  parts: ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'],
};

/** For terminals that show nothing else. */
export const ascii: Charset = { rule: '-', dot: '-', levels: ['.', ':', '-', '=', '+', '*', '#', '@'], parts: ['#'] };

/** By the locale, as everybody decides it: https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap08.html */
export function charsetOf(environment: NodeJS.ProcessEnv): Charset {
  const { LC_ALL, LC_CTYPE, LANG } = environment;
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '');
  // With none said, a Mac's programs use UTF-8, and so do terminals of today.
  return locale === undefined || /utf-?8/i.test(locale) ? blocks : ascii;
}
