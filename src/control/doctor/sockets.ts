// Which sockets of VMs are looked at, and asked at.
//
// Rule 1: a stranger's command lines may name thousands: those of each user's QEMUs come in turn.
// Rule 2: where there is nothing, nothing is to be seen; what is left out of the rest is counted.
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Holders } from './holders.js';
import { inTurn } from './in-turn.js';
import { isSocketAt } from './leads-to.js';
import type { QemuProcess } from './qemu-process.js';
import { regionBehind, type Region } from './regions.js';
import { mayAsk } from './running.js';
import { claimsTo } from '../served.js';

const MOST_ASKED = 64;
const MOST_OF_QEMUS = 256;

/** Those that were named, those of regions, those that QEMUs name; and how many of these were too many. */
export function socketsOf(
  named: readonly string[],
  qemus: readonly QemuProcess[],
  regions: readonly Region[],
): { readonly sockets: readonly string[]; readonly left: number } {
  const ofRegions = regions.flatMap(({ sockets }) => sockets);
  const known = new Set([...named.map((socket) => path.resolve(socket)), ...ofRegions]);
  const ofQemus = namedBy(qemus).filter((socket) => !known.has(socket));
  const looked = ofQemus.slice(0, MOST_OF_QEMUS);
  return { sockets: [...known, ...looked], left: ofQemus.length - looked.length };
}

/** What is told at those whose regions are not known; and how many could not be asked. */
export async function askedRegions(
  sockets: readonly string[],
  known: readonly Region[],
  holders: Holders,
): Promise<{ readonly regions: readonly Region[]; readonly unasked: number }> {
  const told = new Set(known.flatMap((region) => region.sockets));
  const unknown = sockets.filter((one) => !told.has(one) && isSocketAt(`${one}.host`) !== false);
  const asking = unknown.slice(0, MOST_ASKED);
  const claims = claimsTo(asking.map((socket) => `${socket}.host`));
  const running = asking.filter((socket) => {
    const claim = claims.get(`${socket}.host`);
    return claim !== undefined && mayAsk(claim, holders);
  });
  const asked = await Promise.all(running.map(regionBehind));
  const regions = asked.filter((region) => region !== undefined);
  return { regions, unasked: Math.max(0, unknown.length - MOST_ASKED) };
}

function namedBy(qemus: readonly QemuProcess[]): string[] {
  const named = qemus.flatMap(({ credentials: { uid }, devices }) =>
    devices.flatMap(({ socket }) => (socket === undefined ? [] : [{ uid, socket }])),
  );
  const distinct = new Map(named.map((one) => [`${one.uid} ${one.socket}`, one]));
  const there = [...distinct.values()].filter(({ socket }) => isThere(socket));
  return [...new Set(inTurn(there, ({ uid }) => uid).map(({ socket }) => socket))];
}

// A socket, what a dead server left beside it, or what cannot be seen.
function isThere(socket: string): boolean {
  if (!path.isAbsolute(socket)) return false;
  return isSocketAt(socket) !== false || existsSync(`${socket}.lock`);
}
