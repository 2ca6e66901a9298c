import { Command } from 'commander';
import { daybookPaths } from '../../../shared/paths.ts';
import { charsetOf } from '../dashboard/charset.ts';
import type { FigureSource } from '../dashboard/dashboard.ts';
import type { Figures } from '../dashboard/figures.ts';
import { textOf } from '../dashboard/line.ts';
import { screen, type Size } from '../dashboard/screen.ts';
import { emptyView, type Origin } from '../dashboard/view.ts';
import { openClient, withClient } from '../open-client.ts';
import { print, printJson } from '../output.ts';

interface DashboardCommandOptions {
  db?: string;
  json?: true;
}

/** Of a screen that is printed to no terminal. */
const PRINTED: Size = { columns: 80, rows: 24 };

const HELP = `
Keys: q quit, p pause, f show only types and sources with a text in their name, s sort, ? more.

What is shown is asked for as it changes: while nothing happens, twice a minute. What is not known is called so. With
--db nothing is asked: the file is read as it is, beside a running daemon or without one, and only what stands in it is
shown. Printed once, and no live screen, where standard output is no terminal or TERM is dumb. Of events without end,
--json prints the newest 20.`;

export function command(): Command {
  return new Command('dashboard')
    .description('What is captured and how the daemon does, live')
    .option('--db <file>', 'show a database file instead of the daemon, read-only')
    .option('--json', 'the numbers once, as one JSON map')
    .addHelpText('after', HELP)
    .action(async (options: DashboardCommandOptions) => {
      const isLive = process.stdout.isTTY && process.env['TERM'] !== 'dumb' && !options.json;
      if (isLive) await showLive(options.db);
      else await showOnce(options);
    });
}

async function showLive(path: string | undefined): Promise<void> {
  const { Dashboard } = await import('../dashboard/dashboard.ts');
  const source = path === undefined ? await daemon() : await file(path);
  const dashboard = new Dashboard({ source, charset: charsetOf(process.env), hasColours: process.stdout.hasColors() });
  await dashboard.run();
  // What is still asked of a daemon that hangs must not hold up the end.
  process.exit();
}

async function daemon(): Promise<(onChange: () => void) => FigureSource> {
  const { daemonSource } = await import('../dashboard/daemon-source.ts');
  const { socket } = daybookPaths(process.env);
  return (onChange) => daemonSource(socket, () => openClient({ patience: 'none' }), onChange);
}

async function file(path: string): Promise<(onChange: () => void) => FigureSource> {
  // Loaded only here: early versions of Node 24 warn about node:sqlite.
  const { fileSource } = await import('../dashboard/file-source.ts');
  return (onChange) => fileSource(path, onChange);
}

async function showOnce({ db, json }: DashboardCommandOptions): Promise<void> {
  const { COLUMNS, LINES } = process.env;
  const size = {
    columns: process.stdout.columns || Number(COLUMNS) || PRINTED.columns,
    // The prompt comes below it.
    rows: process.stdout.rows ? process.stdout.rows - 1 : Number(LINES) || PRINTED.rows,
  };
  const now = Date.now() / 1000;
  const figures = await figuresOnce(db, json ? 20 : size.rows, now);
  if (json) {
    await printJson({ at: now, ...(db !== undefined && { file: db }), ...figures });
    return;
  }
  const origin: Origin = db === undefined ? { state: 'live' } : { state: 'file', path: db };
  const view = { ...emptyView(origin, now, charsetOf(process.env)), figures };
  // What keys do is of no use here.
  const lines = screen(view, { ...size, rows: size.rows + 1 }).slice(0, -1);
  await print(`${lines.map(textOf).join('\n').trimEnd()}\n`);
}

async function figuresOnce(path: string | undefined, latest: number, now: number): Promise<Figures> {
  if (path === undefined) {
    const { daemonFiguresNow } = await import('../dashboard/daemon-source.ts');
    return withClient((client) => daemonFiguresNow(client, latest));
  }
  const { fileFigures } = await import('../dashboard/file-figures.ts');
  return fileFigures(path, latest, '', now);
}
