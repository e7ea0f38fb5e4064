// What the screen is about: what is known of the server, and what the person wants to see of it.
import type { RegionStatus } from '../../control/status.js';
import type { Order } from './peer-order.js';
import type { Look, Rates } from './rates.js';

/** What is known of the server. */
export interface Scene {
  /** The last answer. */
  readonly look: Look;
  /** Missing before the second answer of a server. */
  readonly rates?: Rates | undefined;
  /** Why there was no answer the last time. */
  readonly failure?: string | undefined;
  /** One line each, the newest last. */
  readonly events: readonly string[];
  /** Why there are no more of them. */
  readonly eventsFailure?: string | undefined;
}

/** What the person wants to see. */
export interface View {
  /** The name of a region; without it, or when it is gone: the first. */
  readonly region?: string | undefined;
  readonly order: Order;
  /** How many peers are above the first one that is seen. */
  readonly top: number;
  readonly isPaused: boolean;
  readonly isHelp: boolean;
}

/** What of the list of peers is on the screen. */
export interface Page {
  readonly top: number;
  readonly rows: number;
  /** Of all peers of the region. */
  readonly count: number;
}

/** The size of a terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The region that is looked at; undefined if there is none. */
export function regionIn({ look }: Scene, { region }: View): RegionStatus | undefined {
  const { regions } = look.status;
  return regions.find(({ name }) => name === region) ?? regions[0];
}
