/**
 * What a word is, for search: the index, queries and the check of a text against a query all go by this one function.
 *
 * - A word is a run of letters and digits, with the marks on them. Everything else separates words: `report-final.pdf`
 *   is three, `https://a.example/b?c=d` five, `12.5` two.
 * - Han, kana, Hangul, Thai, Lao, Khmer and Myanmar are written without spaces, or with endings: each character is a word.
 *   So is each emoji.
 * - Words are compared without case, without diacritics and in compatibility form: `Été`, `ETE` and `ete` are one word.
 * - A word of mixed case has parts: `getUserName` is one word, and is also the words `get`, `user`, `name` in a row.
 *   `HTTPServer` is `http`, `server`. More than 8 parts are none: that is no name but an encoding.
 * - Of a word of more than 64 characters the first 64 count, and it has no parts.
 */
export interface Word {
  /** Where it stands: UTF-16 code units, the end exclusive. */
  start: number;
  end: number;
  /** As it is compared. */
  whole: string;
  /** The words it is made of, as they are compared; empty when it is one. */
  parts: readonly string[];
}

const LONGEST_WORD = 64;
const MOST_PARTS = 8;
const NO_PARTS: readonly string[] = [];

const ASCII_RUN = /[A-Za-z0-9]+/g;
const SINGLE = String.raw`\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}`;
const RUN = new RegExp(
  String.raw`[[\p{L}\p{N}]&&[${SINGLE}]]\p{M}*|` +
    String.raw`[[\p{L}\p{N}]--[${SINGLE}]][[\p{L}\p{N}\p{M}]--[${SINGLE}]]*|` +
    String.raw`\p{Extended_Pictographic}|\p{Regional_Indicator}`,
  'gv',
);
const ASCII = /^[\0-\x7f]*$/;
/** Without one of these a text is just plain words, compared as they stand but for case. The cheaper tests come first. */
const NOT_ASCII_OR_MIXED = /[^\t\n\r\x20-\x7e]|[A-Za-z0-9][A-Z]/;
const NOT_ASCII_OR_DIVIDED = /[^\t\n\r\x20-\x7e]|[a-z][A-Z]|[A-Z0-9][A-Z][a-z]{2}/;
/** Dashes, quotes, bullets and spaces beyond ASCII: they separate words, and are all that many a text has beyond it. */
const PUNCTUATION = /[\u00a0\u00ab\u00b7\u00bb\u2010-\u2027\u202f]/g;
const PART_END = /(?<=\p{Ll})(?=\p{Lu})|(?<=[\p{Lu}\p{N}])(?=\p{Lu}\p{Ll}{2})/u;

/** The words of a text in order. Positions are those in its NFC form. */
export function wordsOf(text: string): Word[] {
  const isAscii = ASCII.test(text);
  const words: Word[] = [];
  for (const { 0: run, index } of isAscii ? text.matchAll(ASCII_RUN) : text.normalize('NFC').matchAll(RUN)) {
    const whole = isAscii ? run.toLowerCase() : folded(run);
    if (whole === '') continue;
    const end = index + run.length;
    if (whole.length > LONGEST_WORD)
      words.push({ start: index, end, whole: whole.slice(0, LONGEST_WORD), parts: NO_PARTS });
    else words.push({ start: index, end, whole, parts: partsOf(run, isAscii) });
  }
  return words;
}

/** A text that has the same words when it is split at everything but ASCII letters, digits and what is beyond ASCII. */
export function plainWords(text: string): string {
  if (isPlain(text)) return text;
  const bare = text.replaceAll(PUNCTUATION, ' ');
  if (isPlain(bare)) return bare;
  let plain = '';
  for (const { whole, parts } of wordsOf(text)) {
    plain += ` ${whole}`;
    for (const part of parts) plain += ` ${part}`;
  }
  return plain;
}

/** Whether `plainWords` has nothing to do. */
export function isPlain(text: string): boolean {
  if (NOT_ASCII_OR_MIXED.test(text) && NOT_ASCII_OR_DIVIDED.test(text)) return false;
  return !hasLongWord(text);
}

/** Of an ASCII text. A long word has a character at each place that is this far from the last gap. */
function hasLongWord(text: string): boolean {
  let gap = -1;
  for (let end = LONGEST_WORD; end < text.length; end = gap + 1 + LONGEST_WORD) {
    let at = end;
    while (at > gap && isLetterOrDigit(text.charCodeAt(at))) at -= 1;
    if (at === gap) return true;
    gap = at;
  }
  return false;
}

function isLetterOrDigit(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39);
}

function partsOf(run: string, isAscii: boolean): readonly string[] {
  if (!PART_END.test(run)) return NO_PARTS;
  const parts = run.split(PART_END);
  if (parts.length > MOST_PARTS) return NO_PARTS;
  return parts.map((part) => (isAscii ? part.toLowerCase() : folded(part))).filter((part) => part !== '');
}

/** One form for all spellings of a word. Holds nothing but letters, digits and marks, beyond ASCII also emoji. */
function folded(run: string): string {
  const bare = run.normalize('NFKD').replaceAll(/[\u0300-\u036f]/g, '');
  return bare
    .toLowerCase()
    .replaceAll('ς', 'σ')
    .replaceAll(/[^\p{L}\p{N}\p{M}\p{Extended_Pictographic}\p{Regional_Indicator}]/gu, '')
    .normalize('NFC');
}
