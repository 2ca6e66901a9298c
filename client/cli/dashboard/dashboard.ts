import type { Charset } from './charset.ts';
import { Drawing } from './drawing.ts';
import type { Figures } from './figures.ts';
import type { Key } from './keys.ts';
import { Redraws } from './redraws.ts';
import { screen } from './screen.ts';
import { nextOrder } from './sorted-types.ts';
import { Terminal } from './terminal.ts';
import { emptyView, type Origin, type View } from './view.ts';

/** Where the figures come from. */
export interface FigureSource {
  readonly figures: Figures;
  readonly origin: Origin;
  readonly problem: string | undefined;
  latest: number;
  filter: string;
  isPaused: boolean;
  stop(): void;
  /** Resolves when it was stopped. */
  run(): Promise<void>;
}

export interface DashboardOptions {
  /** @param onChange to be called when its figures are other than before */
  source: (onChange: () => void) => FigureSource;
  charset: Charset;
  hasColours: boolean;
}

/** The longest filter that can be typed, characters. */
const LONGEST_FILTER = 64;

/** The live screen: what keys do to the view, and when it is drawn. Resolves when somebody has left it. */
export class Dashboard {
  readonly #terminal: Terminal;
  readonly #drawing: Drawing;
  readonly #redraws = new Redraws(() => this.#draw());
  readonly #source: FigureSource;
  readonly #view: View;
  readonly #left = Promise.withResolvers<void>();

  constructor({ source, charset, hasColours }: DashboardOptions) {
    this.#source = source(() => this.#view.isPaused || this.#redraws.want());
    this.#drawing = new Drawing({ charset, hasColours });
    this.#terminal = new Terminal({
      input: process.stdin,
      output: process.stdout,
      onKey: (key) => this.#press(key),
      onResize: () => this.#redrawAll(),
      onEnd: () => this.#left.resolve(),
    });
    this.#view = emptyView(this.#source.origin, Date.now() / 1000, charset);
    this.#view.hasKeys = this.#terminal.hasKeys;
  }

  /** Resolves when it was left; the terminal is as before then, whatever happens. */
  async run(): Promise<void> {
    this.#terminal.enter();
    try {
      this.#redrawAll();
      await Promise.race([this.#source.run(), this.#left.promise]);
    } finally {
      this.#redraws.stop();
      this.#source.stop();
      this.#terminal.leave();
    }
  }

  #redrawAll(): void {
    this.#drawing.forget();
    this.#source.latest = this.#terminal.size.rows;
    this.#redraws.want();
  }

  #draw(): void {
    // A terminal that is slow gets the newest screen when it has taken the last one.
    if (!this.#terminal.hasRoom) {
      this.#redraws.want();
      return;
    }
    const view = this.#view;
    view.now = Date.now() / 1000;
    if (!view.isPaused) {
      view.figures = this.#source.figures;
      view.origin = this.#source.origin;
      view.problem = this.#source.problem;
    }
    const output = this.#drawing.update(screen(view, this.#terminal.size));
    if (output !== '') this.#terminal.write(output);
  }

  #press(key: Key): void {
    if ('name' in key && (key.name === 'interrupt' || key.name === 'end')) {
      this.#left.resolve();
      return;
    }
    if ('name' in key && key.name === 'redraw') this.#drawing.forget();
    else if (this.#view.typed !== undefined) this.#type(this.#view.typed, key);
    else this.#command(key);
    this.#redraws.want();
  }

  #command(key: Key): void {
    const view = this.#view;
    switch ('text' in key ? key.text : key.name) {
      case 'q':
        this.#left.resolve();
        break;
      case 'p':
      case ' ':
        view.isPaused = !view.isPaused;
        this.#source.isPaused = view.isPaused;
        break;
      case 'f':
      case '/':
        view.typed = view.filter;
        break;
      case 's':
        view.sort = nextOrder(view.sort);
        break;
      case '?':
      case 'h':
        view.showsHelp = !view.showsHelp;
        break;
      case 'escape':
        if (view.showsHelp) view.showsHelp = false;
        else this.#filterBy('');
        break;
    }
  }

  #type(typed: string, key: Key): void {
    const view = this.#view;
    if ('text' in key) view.typed = (typed + key.text).slice(0, LONGEST_FILTER);
    else if (key.name === 'backspace') view.typed = Array.from(typed).slice(0, -1).join('');
    else if (key.name === 'clear-line') view.typed = '';
    else if (key.name === 'enter' || key.name === 'escape') {
      view.typed = undefined;
      if (key.name === 'enter') this.#filterBy(typed.trim());
    }
  }

  #filterBy(filter: string): void {
    if (filter === this.#view.filter) return;
    this.#view.filter = filter;
    this.#source.filter = filter;
  }
}
