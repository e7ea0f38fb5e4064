// The terminal, while the screen is ours.
//
// Rule 1: whatever happens, the terminal is given back: its modes, its cursor, what was on it before. Of a bug
//         that is before Node prints it, or it would go with the screen.
// Rule 2: only cells that changed are written; nothing at all when none did.
import termkit from 'terminal-kit';
import { widthOf, type Line, type Style } from './line.js';
import type { Size } from './scene.js';

type Attributes = termkit.ScreenBuffer.Attributes;

const plain: Attributes = { defaultColor: true, bgDefaultColor: true };
const coloured: Readonly<Record<Style, Attributes>> = {
  plain,
  bold: { ...plain, bold: true },
  dim: { ...plain, dim: true },
  bar: { ...plain, inverse: true },
  bad: { ...plain, defaultColor: false, color: 'red', bold: true },
  warning: { ...plain, defaultColor: false, color: 'yellow', bold: true },
  rings: { ...plain, defaultColor: false, color: 'cyan', bold: true },
};
const uncoloured: Readonly<Record<Style, Attributes>> = {
  ...coloured,
  bad: coloured.bold,
  warning: coloured.bold,
  rings: coloured.bold,
};

// Of a terminal that does not know its own.
const usualSize: Size = { columns: 80, rows: 24 };

/** What happens to the window. */
export interface WindowListener {
  /** A character, or a name: `UP`, `PAGE_DOWN`, `CTRL_C`. */
  readonly onKey: (key: string) => void;
  /** The window has another size and is empty. */
  readonly onResize: () => void;
}

/** The alternate screen of the terminal that standard input and output are. */
export class Window {
  readonly #terminal = termkit.terminal;
  readonly #styles = process.stdout.hasColors() ? coloured : uncoloured;
  readonly #listener: WindowListener;
  #cells: termkit.ScreenBuffer;
  #isOpen = true;
  readonly #close = (): void => this.close();
  readonly #onKey = (key: string): void => {
    if (key === 'CTRL_L') this.#empty();
    this.#listener.onKey(key);
  };
  readonly #onResize = (): void => {
    this.#empty();
    this.#listener.onResize();
  };

  constructor(listener: WindowListener) {
    this.#listener = listener;
    process.once('exit', this.#close);
    process.once('uncaughtExceptionMonitor', this.#close);
    this.#terminal.fullscreen(true);
    this.#terminal.hideCursor(true);
    this.#terminal.grabInput(true);
    this.#terminal.on('key', this.#onKey);
    this.#terminal.on('resize', this.#onResize);
    this.#cells = this.#newCells();
  }

  get size(): Size {
    const { columns, rows } = process.stdout;
    return columns > 0 && rows > 0 ? { columns, rows } : usualSize;
  }

  /** Shows these lines, from the top, and nothing else. */
  paint(lines: readonly Line[]): void {
    if (!this.#isOpen) return;
    this.#cells.fill({ attr: plain });
    lines.forEach((line, y) => {
      let x = 0;
      for (const { text, style } of line) {
        this.#put(x, y, text, style);
        x += widthOf(text);
      }
    });
    this.#cells.draw({ delta: true });
  }

  /** Gives the terminal back. Can be called again. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.#close);
    process.off('uncaughtExceptionMonitor', this.#close);
    this.#terminal.off('key', this.#onKey);
    this.#terminal.off('resize', this.#onResize);
    this.#terminal.styleReset();
    this.#terminal.grabInput(false);
    this.#terminal.hideCursor(false);
    this.#terminal.fullscreen(false);
  }

  #put(x: number, y: number, text: string, style: Style): void {
    const attr = this.#styles[style];
    this.#cells.put({ x, y, attr, wrap: false, dx: 1, dy: 0 }, '%s', text);
  }

  // What a terminal makes of its old content when it gets another size, nobody knows.
  #empty(): void {
    this.#terminal.clear();
    this.#cells = this.#newCells();
  }

  #newCells(): termkit.ScreenBuffer {
    const { columns: width, rows: height } = this.size;
    return new termkit.ScreenBuffer({ dst: this.#terminal, width, height });
  }
}
