/** The rows of a text as RFC 4180 describes it; an empty field without quotes is undefined. @throws */
export function parseCsv(text: string): (string | undefined)[][] {
  const rows: (string | undefined)[][] = [];
  let row: (string | undefined)[] = [];
  let at = 0;
  while (at < text.length) {
    let value: string | undefined;
    if (text[at] === '"') {
      value = '';
      for (at += 1; text[at] !== '"' || text[at + 1] === '"'; at += 1) {
        if (at >= text.length) throw new Error('a quoted field has no end');
        if (text[at] === '"') at += 1;
        value += text[at];
      }
      at += 1;
    } else {
      const end = /[,\r\n"]/.exec(text.slice(at))?.index ?? text.length - at;
      value = end === 0 ? undefined : text.slice(at, at + end);
      at += end;
    }
    row.push(value);
    if (text.startsWith('\r\n', at)) {
      rows.push(row);
      row = [];
      at += 2;
    } else if (text[at] === ',') at += 1;
    else throw new Error(`neither a comma nor a line end at ${at}`);
  }
  if (row.length > 0) throw new Error('the last row has no end');
  return rows;
}
