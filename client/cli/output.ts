import { once } from 'node:events';
import { stripVTControlCharacters, styleText } from 'node:util';
import type { StoredEvent } from '../../shared/event.ts';

type Style = 'dim' | 'bold' | 'cyan' | 'green' | 'yellow' | 'red';

/** Writes to stdout, waiting when the reader is slower. */
export async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

/** One JSON value on one line. */
export async function printJson(value: unknown): Promise<void> {
  await print(`${JSON.stringify(value)}\n`);
}

/** Colour on a terminal only. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

/** Text from outside, with what could steer a terminal made visible. */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) =>
    JSON.stringify(character).slice(1, -1) === character
      ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
      : JSON.stringify(character).slice(1, -1),
  );
}

/** Local date and time with milliseconds. */
export function localTime(timestampSeconds: number): string {
  const time = new Date(timestampSeconds * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return `${date} ${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

/** One event as one line: time, type, action, source, and as much of the data as the terminal has room for. */
export function eventLine(event: StoredEvent): string {
  const head = [
    localTime(event.timestamp),
    plain(event.type).padEnd(10),
    plain(event.action ?? '-').padEnd(8),
    plain(event.source).padEnd(10),
  ];
  const data = Object.entries(event.data)
    .map(([key, value]) => `${plain(key)}=${plain(typeof value === 'string' ? value : JSON.stringify(value))}`)
    .join(' ');
  const width = process.stdout.isTTY ? process.stdout.columns - head.join(' ').length - 1 : Number.POSITIVE_INFINITY;
  const shown = data.length > width ? `${data.slice(0, Math.max(width - 1, 0))}…` : data;
  return `${paint('dim', head[0] ?? '')} ${paint('cyan', head[1] ?? '')} ${head[2]} ${head[3]} ${shown}\n`;
}

/** Label and value pairs, the values in one column. */
export function table(rows: readonly (readonly [label: string, value: string])[]): string {
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}\n`).join('');
}

/** Rows under their heads, in columns; those named in `numbers` are aligned to the right. */
export function columns(heads: readonly string[], rows: readonly (readonly string[])[], numbers: string): string {
  const widthOf = (cell: string) => stripVTControlCharacters(cell).length;
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => widthOf(row[column] ?? ''))));
  const areNumbers = numbers.split(' ');
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => {
        const filling = ' '.repeat(Math.max((widths[column] ?? 0) - widthOf(cell), 0));
        return areNumbers.includes(heads[column] ?? '') ? filling + cell : cell + filling;
      })
      .join('  ')
      .trimEnd();
  return `${paint('dim', line(heads))}\n${rows.map((row) => `${line(row)}\n`).join('')}`;
}

export function wholeNumber(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** `1 event`, `1,204 events`. */
export function counted(count: number, one: string, more = `${one}s`): string {
  return `${wholeNumber(count)} ${count === 1 ? one : more}`;
}

export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

export function durationText(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [Math.floor(seconds) % 60, 's'],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  return parts
    .slice(first < 0 ? 3 : first, (first < 0 ? 3 : first) + 2)
    .map(([value, unit]) => `${value}${unit}`)
    .join(' ');
}

/** A line on stderr that is rewritten in place; nothing when stderr is no terminal. */
export class Progress {
  #lastMs = 0;
  #isShown = false;

  show(text: string): void {
    const nowMs = performance.now();
    if (!process.stderr.isTTY || nowMs - this.#lastMs < 100) return;
    this.#lastMs = nowMs;
    this.#isShown = true;
    process.stderr.write(`\r\u001b[K${text}`);
  }

  clear(): void {
    if (this.#isShown) process.stderr.write('\r\u001b[K');
    this.#isShown = false;
  }
}
