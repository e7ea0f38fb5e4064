// Somebody who types at a shell in a terminal, TAB included, and sees what a command was called with.
//
// Rule 1: the commands that are typed are no programs: they print their arguments.
// Rule 2: nothing is typed before the shell asks for it.
// Rule 3: a shell is left, and not killed: one that hangs up writes its history when nobody looks.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Child } from './child.js';
import type { Scope } from './temp.js';
import { until } from './until.js';

const PROMPT = 'READY> ';
const printArguments = `printf '=>'; printf ' <%s>' "$@"; echo`;
const fishPrintArguments = `printf '=>'; printf ' <%s>' $argv; echo`;

/** A shell with a home of its own: its start-up file, before what a test adds to it, and how it is started. */
export const shells = {
  bash: {
    file: '.bashrc',
    start: (programs: readonly string[]) => [
      `PS1='${PROMPT}'`,
      ...programs.map((name) => `${name}() { ${printArguments}; }`),
    ],
    command: 'bash --rcfile .bashrc -i',
  },
  zsh: {
    file: '.zshrc',
    start: (programs: readonly string[]) => [
      `PS1='${PROMPT}'`,
      ...programs.map((name) => `${name}() { ${printArguments}; }`),
    ],
    command: 'zsh -d -i',
  },
  fish: {
    file: '.config/fish/config.fish',
    start: (programs: readonly string[]) => [
      `function fish_prompt; printf '${PROMPT}'; end; function fish_greeting; end`,
      ...programs.map((name) => `function ${name}; ${fishPrintArguments}; end`),
    ],
    command: 'fish -i',
  },
} as const;

/** How to sit down at a shell. */
export interface TypistOptions {
  readonly shell: keyof typeof shells;
  /** Its directory, where its start-up files are; `share` in it is what /usr/local/share would be. */
  readonly home: string;
  readonly programs: readonly string[];
  /** Lines of its start-up file. */
  readonly setup: readonly string[];
}

export class Typist {
  readonly #child: Child;
  #seen = '';
  #prompts = 0;

  constructor(t: Scope, { shell, home, programs, setup }: TypistOptions) {
    const { file, start, command } = shells[shell];
    mkdirSync(path.dirname(`${home}/${file}`), { recursive: true });
    writeFileSync(`${home}/${file}`, `${[...start(programs), ...setup].join('\n')}\n`);
    const env = {
      PATH: process.env['PATH'],
      HOME: home,
      ZDOTDIR: home,
      XDG_DATA_DIRS: `${home}/share:/usr/share`,
      TERM: 'dumb',
      LANG: 'C.UTF-8',
    };
    const terminal = ['script', '-qfc', `cd ${home} && exec ${command}`, '/dev/null'];
    this.#child = new Child(t, terminal, { env });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#seen += text));
  }

  /** Types a line and Enter; the arguments that the program got, with a space between. */
  async type(keys: string): Promise<string> {
    await this.#prompt();
    const before = this.#seen.length;
    this.#child.stdin.write(`${keys}\r`);
    const [, words = ''] = await until(
      `what came of ${JSON.stringify(keys)}`,
      () => /=> (.*?)\r?\n/.exec(this.#seen.slice(before)) ?? undefined,
    );
    return words.trim().replaceAll(/<(.*?)>/g, '$1');
  }

  /** Resolves when the shell has ended. */
  async leave(): Promise<void> {
    await this.#prompt();
    this.#child.stdin.write('exit\r');
    await this.#child.exit;
  }

  // One that was not there at the last call.
  async #prompt(): Promise<void> {
    const count = (): number => this.#seen.split(PROMPT).length - 1;
    await until('a prompt', () => count() > this.#prompts);
    this.#prompts = count();
  }
}
