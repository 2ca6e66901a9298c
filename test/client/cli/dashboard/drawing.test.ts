import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { blocks } from '../../../../client/cli/dashboard/charset.ts';
import { Drawing } from '../../../../client/cli/dashboard/drawing.ts';
import { line, type Line, span, textOf } from '../../../../client/cli/dashboard/line.ts';
import { screen } from '../../../../client/cli/dashboard/screen.ts';
import { checkProperty } from '../../../harness/property.ts';
import { exampleView } from './example-view.ts';
import { TerminalScreen } from './terminal-screen.ts';

const size = { columns: 80, rows: 24 };
const colours = { hasColours: true, charset: blocks };

describe('drawing', () => {
  test('the terminal shows what the screen is', () => {
    const terminal = new TerminalScreen(80);
    const lines = screen(exampleView(), size);
    terminal.write(new Drawing(colours).update(lines));
    assert.deepEqual(terminal.lines, lines.map(textOf));
    assert.ok((terminal.met.get('m') ?? 0) > 20);
  });

  test('nothing is written when nothing has changed, and only the lines that have', () => {
    const drawing = new Drawing(colours);
    const terminal = new TerminalScreen(80);
    terminal.write(drawing.update(screen(exampleView(), size)));
    assert.equal(drawing.update(screen(exampleView(), size)), '');
    terminal.met.clear();
    terminal.write(drawing.update(screen(exampleView({ isPaused: true }), size)));
    // The first line, and the keys.
    assert.equal(terminal.met.get('H'), 2);
    assert.deepEqual(terminal.lines, screen(exampleView({ isPaused: true }), size).map(textOf));
  });

  test('everything is written again after the screen was forgotten', () => {
    const drawing = new Drawing(colours);
    const first = drawing.update(screen(exampleView(), size));
    drawing.forget();
    assert.equal(drawing.update(screen(exampleView(), size)), first);
  });

  test('without colours there are none', () => {
    const terminal = new TerminalScreen(80);
    terminal.write(new Drawing({ ...colours, hasColours: false }).update(screen(exampleView(), size)));
    assert.equal(terminal.met.get('m'), 1, 'only what takes back the looks that were there');
    assert.deepEqual(terminal.lines, screen(exampleView(), size).map(textOf));
  });

  test('one screen after another, the terminal shows the last', async (t) => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '漢', '…', '█', ' ') });
    const lines = fc.array(
      fc.array(text, { maxLength: 3 }).map((texts): Line => line(30, ...texts.map((each) => span(each, 'bold')))),
      { minLength: 5, maxLength: 5 },
    );
    const property = fc.property(fc.array(lines, { minLength: 1, maxLength: 5 }), (screens) => {
      const drawing = new Drawing(colours);
      const terminal = new TerminalScreen(30);
      for (const each of screens) {
        terminal.write(drawing.update(each));
        const expected = each.map(textOf);
        assert.deepEqual(
          expected.map((_, row) => terminal.lines[row] ?? ''),
          expected,
        );
      }
    });
    await checkProperty(t, property, 300);
  });
});
