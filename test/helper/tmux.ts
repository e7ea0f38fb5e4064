// A terminal with a shell in it, and what a person would see there: tmux.
//
// Rule 1: it is a server of its own, in the foreground, by a socket of its own: it goes with the test, and
//         nobody else's tmux knows of it.
// Rule 2: what is on the screen is asked again until it is as expected; nothing waits for a time.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Child } from './child.js';
import { temp, type Scope } from './temp.js';
import { until } from './until.js';

const execute = promisify(execFile);

// Of the caller's terminal nothing is left; HOME is for programs that ask.
const env = { PATH: process.env['PATH'], HOME: '/', LC_ALL: 'C.UTF-8' };

/** One terminal. */
export class Tmux {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** Opens one of 80 × 24, with a shell. */
  static async open(t: Scope, { columns = 80, rows = 24 } = {}): Promise<Tmux> {
    const socket = `${temp(t)}/tmux`;
    const server = new Child(t, ['tmux', '-D', '-u', '-S', socket, '-f', '/dev/null'], { env });
    const tmux = new Tmux(socket);
    const size = ['-x', String(columns), '-y', String(rows)];
    await until('tmux answers, or ends', async () => {
      if (!server.alive) throw new Error(`tmux ended: ${server.stderr}`);
      return tmux.#ask('new-session', '-d', ...size, 'sh').then(
        () => true,
        () => false,
      );
    });
    await tmux.until('the prompt', (screen) => /^[$#]/.test(screen));
    return tmux;
  }

  /** What is on the screen, line by line, without spaces at the ends. */
  async screen({ withColours = false } = {}): Promise<string> {
    return this.#ask('capture-pane', '-p', ...(withColours ? ['-e'] : []));
  }

  /** Resolves with the screen when it is so; after the deadline throws with what is there instead. */
  async until(what: string, isSo: (screen: string) => boolean): Promise<string> {
    let last = '';
    try {
      return await until(what, async () => {
        last = await this.screen();
        return isSo(last) && last;
      });
    } catch (error) {
      throw new Error(`${(error as Error).message}; on the screen:\n${last}`, { cause: error });
    }
  }

  /** Presses keys, by tmux's names: `q`, `Up`, `C-c`, `PPage`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#ask('send-keys', ...keys);
  }

  /** Types a line into the shell. */
  async type(line: string): Promise<void> {
    await this.#ask('send-keys', '-l', line);
    await this.press('Enter');
  }

  /** Gives the terminal another size. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#ask('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Has all bytes that come from now on written to a file. */
  async record(file: string): Promise<void> {
    await this.#ask('pipe-pane', `exec cat > '${file}'`);
  }

  /** Whether the alternate screen is shown, and whether the cursor is. */
  async modes(): Promise<{ readonly isAlternate: boolean; readonly hasCursor: boolean }> {
    const format = '#{alternate_on}#{cursor_flag}';
    const text = await this.#ask('display-message', '-p', format);
    return { isAlternate: text.startsWith('1'), hasCursor: text.trim().endsWith('1') };
  }

  /** The device of the terminal: whoever writes to it writes over the screen. */
  async device(): Promise<string> {
    return (await this.#ask('display-message', '-p', '#{pane_tty}')).trim();
  }

  /** Closes the terminal, as the end of an ssh connection does. */
  async close(): Promise<void> {
    await this.#ask('kill-session');
  }

  // -N: who comes too early must not start a server that outlives the test.
  async #ask(...words: readonly string[]): Promise<string> {
    const { stdout } = await execute('tmux', ['-N', '-u', '-S', this.#socket, ...words], { env });
    return stdout;
  }
}
