// Which sockets of VMs are looked at, and asked at.
//
// Rule 1: a stranger's command lines may name thousands. Of each user's QEMUs the first ones come before the second
//         ones of another's, or somebody with hundreds would hide all that are not his.
// Rule 2: where there is nothing, nothing is to be seen; what is left out of the rest is counted.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { isSocketAt } from './leads-to.js';
import type { QemuProcess } from './qemu-process.js';
import { regionBehind, type Region } from './regions.js';
import { mayAsk } from './running.js';
import { claimTo } from '../served.js';

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
  const ofQemus = inTurn(qemus).filter((socket) => !known.has(socket));
  const looked = ofQemus.slice(0, MOST_OF_QEMUS);
  return { sockets: [...known, ...looked], left: ofQemus.length - looked.length };
}

/** What is told at those whose regions are not known; and how many could not be asked. */
export async function askedRegions(
  sockets: readonly string[],
  known: readonly Region[],
): Promise<{ readonly regions: readonly Region[]; readonly unasked: number }> {
  const told = new Set(known.flatMap((region) => region.sockets));
  const unknown = sockets.filter((one) => !told.has(one) && isSocketAt(`${one}.host`) !== false);
  const asked = await Promise.all(unknown.slice(0, MOST_ASKED).map(regionIfRunning));
  const regions = asked.filter((region) => region !== undefined);
  return { regions, unasked: Math.max(0, unknown.length - MOST_ASKED) };
}

async function regionIfRunning(socket: string): Promise<Region | undefined> {
  return mayAsk(claimTo(`${socket}.host`)) ? regionBehind(socket) : undefined;
}

function inTurn(qemus: readonly QemuProcess[]): string[] {
  const ofUsers = new Map<number, Set<string>>();
  for (const { credentials, devices } of qemus) {
    const its = ofUsers.get(credentials.uid) ?? new Set();
    ofUsers.set(credentials.uid, its);
    for (const { socket } of devices) if (socket !== undefined && isThere(socket)) its.add(socket);
  }
  const places = [...ofUsers.values()].flatMap((its) =>
    [...its].map((socket, place) => ({ socket, place })),
  );
  places.sort((a, b) => a.place - b.place);
  return [...new Set(places.map(({ socket }) => socket))];
}

// A socket, what a dead server left beside it, or what cannot be seen.
function isThere(socket: string): boolean {
  if (!path.isAbsolute(socket)) return false;
  return isSocketAt(socket) !== false || existsSync(`${socket}.lock`);
}
