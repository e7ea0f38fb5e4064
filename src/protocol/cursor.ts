// A cursor: how far one peer has been told of the log.
//
// Rule 1: sequence numbers, not positions: a cursor outlives the entries around it.

/** How far a peer has been told. */
export interface Cursor {
  /** Messages of the welcome, 0–3. */
  readonly welcome: number;
  /** Told every entry of the log before this sequence number… */
  readonly sequence: number;
  /** …and so many messages of the entry that has it. */
  readonly within: number;
}

/** What a cursor needs to know of an entry of the log. */
interface Entry {
  readonly sequence: number;
}

/** A newcomer's. */
export const startOfLog: Cursor = { welcome: 0, sequence: 0, within: 0 };

/** Whether a peer with this cursor was told of the entry, even by one message. */
export function hasHeardOf(cursor: Cursor, entry: Entry): boolean {
  return cursor.sequence > entry.sequence || toldOf(cursor, entry) > 0;
}

/** How many of an entry's messages a cursor that has not passed it was told. */
export function toldOf(cursor: Cursor, entry: Entry | undefined): number {
  return entry?.sequence === cursor.sequence ? cursor.within : 0;
}
