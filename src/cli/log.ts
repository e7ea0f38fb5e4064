// The log of a command: pino's, one line an event, on stderr.
//
// Rule 1: every line has `event`, a word for programs, and a message for people.
// Rule 2: to a terminal a readable line, to anything else JSON, unless asked otherwise.
// Rule 3: pino is loaded with the first line: a server accepts connections before it says so.
import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import type { Logger } from 'pino';
import type { LogEvent } from '../control/event-feed.js';
import { BoundedOutput } from './bounded-output.js';

const require = createRequire(import.meta.url);

export const logLevels = ['error', 'warn', 'info'] as const;
export const logFormats = ['json', 'text'] as const;

/** How to log. */
export interface LogOptions {
  /** Default info. */
  readonly level?: (typeof logLevels)[number] | undefined;
  /** Default: text to a terminal, JSON to anything else. */
  readonly format?: (typeof logFormats)[number] | undefined;
}

/** What a line says beside its message. */
export type LogFields = LogEvent['fields'];

export class Log {
  readonly #output: BoundedOutput;
  readonly #create: () => Logger;
  #logger: Logger | undefined;
  #onEvent: (event: LogEvent) => void = () => undefined;

  constructor({ level = 'info', format }: LogOptions) {
    const stderr = 2;
    const isTerminal = isatty(stderr);
    this.#output = new BoundedOutput(stderr, (lines) => {
      this.warn({ event: 'dropped', lines }, `${lines} log lines were dropped: nobody took them`);
    });
    const isText = format === 'text' || (format === undefined && isTerminal);
    const hasColour = isTerminal && !process.env['NO_COLOR'];
    const write = isText
      ? (line: string) => this.#output.write(readable(line, hasColour))
      : (line: string) => this.#output.write(line);
    this.#create = () => createLogger(level, write);
  }

  info(fields: LogFields, message: string): void {
    this.#log({ level: 'info', fields, message });
  }

  warn(fields: LogFields, message: string): void {
    this.#log({ level: 'warn', fields, message });
  }

  error(fields: LogFields, message: string): void {
    this.#log({ level: 'error', fields, message });
  }

  /** Calls with each line from now on, be it of the level that is logged or not. */
  watch(onEvent: (event: LogEvent) => void): void {
    this.#onEvent = onEvent;
  }

  /** Lines that nobody took. */
  get linesDropped(): number {
    return this.#output.droppedInAll;
  }

  /** Loads what it writes with: for who may not be able to later. */
  load(): void {
    this.#get();
  }

  /** Gives a slow reader a last chance; resolves soon in any case. */
  flush(): Promise<void> {
    return this.#output.flush(500);
  }

  #log(event: LogEvent): void {
    this.#onEvent(event);
    this.#get()[event.level](event.fields, event.message);
  }

  #get(): Logger {
    return (this.#logger ??= this.#create());
  }
}

function createLogger(level: string, write: (line: string) => void): Logger {
  const { pino } = require('pino') as typeof import('pino');
  const settings = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(settings, { write });
}

const colours: Readonly<Record<string, string>> = { warn: '\x1b[33m', error: '\x1b[31m' };

function readable(line: string, hasColour: boolean): string {
  const { time, level, msg } = JSON.parse(line) as { time: string; level: string; msg: string };
  const clock = new Date(time).toTimeString().slice(0, 8);
  const colour = hasColour ? colours[level] : undefined;
  const name = colour === undefined ? level : `${colour}${level}\x1b[0m`;
  return `${clock} ${name} ${msg}\n`;
}
