// The screen, from the first answer of the server to the last key.
import type { ControlClient } from '../../control/client.js';
import type { ServerStatus } from '../../control/status.js';
import { noSuchRegion } from '../ask-control.js';
import { isEnd, pressed } from './key.js';
import { Lookout } from './lookout.js';
import { orders } from './peer-order.js';
import type { Page, View } from './scene.js';
import { screenOf } from './screen.js';
import { Window } from './window.js';

/** What is looked at, and how often. */
export interface TopOptions {
  readonly client: ControlClient;
  readonly intervalMs: number;
  /** The region to begin with. Default the first. */
  readonly region: string | undefined;
}

const endSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Shows a server until a key or a signal ends it. Rejects before there is a screen if it does not answer. */
export async function runTop({ client, intervalMs, region }: TopOptions): Promise<void> {
  const first = await client.status();
  if (region !== undefined && !first.regions.some(({ name }) => name === region))
    throw noSuchRegion(region, first);
  const end = new AbortController();
  const stop = (): void => end.abort();
  const top = new Top({ client, intervalMs, first, region, onEnd: stop });
  for (const signal of endSignals) process.on(signal, stop);
  // A terminal that has gone.
  process.stdout.on('error', stop);
  process.stdin.on('end', stop);
  try {
    await top.run(end.signal);
  } finally {
    top.close();
    for (const signal of endSignals) process.off(signal, stop);
  }
}

interface OpenOptions extends TopOptions {
  readonly first: ServerStatus;
  readonly onEnd: () => void;
}

class Top {
  readonly #lookout: Lookout;
  readonly #window: Window;
  #scene;
  #view: View;
  #page: Page = { top: 0, rows: 1, count: 0 };

  constructor({ client, intervalMs, first, region, onEnd }: OpenOptions) {
    const [order = 'trouble'] = orders;
    this.#view = { region, order, top: 0, isPaused: false, isHelp: false };
    this.#lookout = new Lookout({ client, first, intervalMs, onNews: () => this.#news() });
    this.#scene = this.#lookout.scene;
    this.#window = new Window({
      onKey: (key) => (isEnd(key) ? onEnd() : this.#press(key)),
      onResize: () => this.#paint(),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#paint();
    await this.#lookout.run(signal);
  }

  close(): void {
    this.#window.close();
  }

  #news(): void {
    if (this.#view.isPaused) return;
    this.#scene = this.#lookout.scene;
    this.#paint();
  }

  #press(key: string): void {
    this.#view = pressed(key, this.#view, this.#page, this.#scene);
    // What came during a pause.
    if (!this.#view.isPaused) this.#scene = this.#lookout.scene;
    this.#paint();
  }

  #paint(): void {
    const { lines, page } = screenOf(this.#scene, this.#view, this.#window.size);
    this.#page = page;
    this.#window.paint(lines);
  }
}
