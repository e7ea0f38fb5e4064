// Which of the sockets that were open before us belongs to whom.
//
// Rule 1: the address decides: a socket that is bound to a path of the configuration is that one. What is left
//         is known by its name: REGION, REGION.host, REGION.VM, and else control: VMs that were given a name never
//         get the control socket by it. A region without a name has what is called `host` or `….host`, or is bound
//         to such a path, for host commands, and else the only one that is left.
// Rule 2: a socket that is known by its name is where it is bound, whatever path was asked for: peers find it there.
// Rule 3: who opens a region's socket opens the one for host commands, too: beside a socket that is not ours
//         we may not make another by default.
import { lstatSync } from 'node:fs';
import type { ControlPlace } from '../control/control-socket.js';
import { EnvironmentError } from '../control/environment-error.js';
import type { InheritedSocket } from '../control/inherited-sockets.js';
import type { ServerOptions } from '../server/options.js';
import { defaultHostSocket } from './host-socket.js';
import { controlPlaceOf, isSamePath, placesOf, type Place, type Places } from './socket-places.js';

/** Something that somebody may not have wanted. */
export interface SocketWarning {
  readonly code: 'host-socket' | 'socket-gone' | 'socket-moved' | 'socket-unused';
  readonly message: string;
  /** Where a socket that is elsewhere was to be. */
  readonly asked?: string | undefined;
  /** What nobody is to serve; a region that cannot become another may serve it yet. */
  readonly unused?: InheritedSocket['fd'];
}

/** Of sockets that nobody can connect to any more, or never could by this path. */
export function warningsOfGone(sockets: readonly InheritedSocket[]): SocketWarning[] {
  return sockets.filter(isGone).map((socket) => ({
    code: 'socket-gone',
    message:
      `nobody can connect to ${shown(socket)}, which was passed to this process: there is no socket at that path ` +
      '(any more); have it opened again, by an absolute path',
  }));
}

function isGone({ path: at }: InheritedSocket): boolean {
  try {
    return lstatSync(at, { throwIfNoEntry: false })?.isSocket() !== true;
  } catch {
    return false; // in a directory that is not for us
  }
}

/** Regions, and the control socket, that have the sockets which are theirs. */
export interface Assigned {
  readonly regions: readonly ServerOptions[];
  readonly control?: ControlPlace | undefined;
  readonly warnings: readonly SocketWarning[];
}

/** Gives sockets to regions, and to control. Throws EnvironmentError where a name may mean several. */
export function assignSockets(
  regions: readonly ServerOptions[],
  sockets: readonly InheritedSocket[],
  control?: string,
): Assigned {
  if (sockets.length === 0) return { regions, warnings: [], control: placeAt(control) };
  const table = new Table(sockets);
  const places = regions.map((region) => ({ region, ...placesOf(region) }));
  const ofControl = controlPlaceOf(control);
  const ofRegions = places.flatMap(({ socket, hostSocket, vms }) => [hostSocket, ...vms, socket]);
  // A region without a name takes what is left.
  const isNamed = regions.every(({ name }) => name !== undefined);
  const all = isNamed ? [...ofRegions, ofControl] : [ofControl, ...ofRegions];
  for (const place of all) table.giveByAddress(place);
  for (const place of all) table.giveByName(place);
  const assigned = places.map((place) => regionWith(place, table));
  const own = table.get(ofControl);
  const isMoved = own && control !== undefined && !isSamePath(own.path, control);
  return {
    regions: assigned.map(({ region }) => region),
    control: own ? { path: own.path, fd: own.fd } : placeAt(control),
    warnings: [
      ...assigned.flatMap(({ warnings }) => warnings),
      ...(isMoved ? [moved(ofControl, own)] : []),
      ...table.unused,
    ],
  };
}

function placeAt(path: string | undefined): ControlPlace | undefined {
  return path === undefined ? undefined : { path };
}

/** Who has which. */
class Table {
  readonly #free: Set<InheritedSocket>;
  readonly #given = new Map<Place, InheritedSocket>();

  constructor(sockets: readonly InheritedSocket[]) {
    this.#free = new Set(sockets);
  }

  get(place: Place): InheritedSocket | undefined {
    return this.#given.get(place);
  }

  giveByAddress(place: Place): void {
    const { path: wanted } = place;
    if (wanted === undefined) return;
    for (const socket of this.#free) if (isSamePath(socket.path, wanted)) this.#give(place, socket);
  }

  giveByName(place: Place): void {
    if (this.#given.has(place)) return;
    const called = [...this.#free].filter((socket) => place.isCalled(socket));
    // The number that a person gave says more than a name.
    const numbered = called.filter(({ name }) => name === undefined);
    const [socket, other] = numbered.length > 0 ? numbered : called;
    if (socket === undefined) return;
    if (other !== undefined) {
      throw new EnvironmentError(
        'LISTEN_FDNAMES',
        `${shown(socket)} and ${shown(other)} may both be ${place.what}; ` +
          `allowed: one, or one that is bound to its path${place.path === undefined ? '' : ` (${place.path})`}`,
      );
    }
    this.#give(place, socket);
  }

  get unused(): SocketWarning[] {
    return [...this.#free].map((socket) => ({
      code: 'socket-unused',
      unused: socket.fd,
      message:
        `nobody serves ${shown(socket)}, which was passed to this process: who connects waits; ` +
        "take it out of the unit, give it a region's path, or call it REGION, REGION.host, REGION.VM or control",
    }));
  }

  #give(place: Place, socket: InheritedSocket): void {
    this.#free.delete(socket);
    this.#given.set(place, socket);
  }
}

function regionWith(
  { region, socket, hostSocket, vms }: Places & { readonly region: ServerOptions },
  table: Table,
): { region: ServerOptions; warnings: SocketWarning[] } {
  const inherited = new Map<string, InheritedSocket['fd']>();
  const warnings: SocketWarning[] = [];
  // Its path from now on.
  const settled = (place: Place): string | undefined => {
    const own = table.get(place);
    if (own === undefined) return place.path;
    const isThere = place.path !== undefined && isSamePath(own.path, place.path);
    if (!isThere && place.path !== undefined) warnings.push(moved(place, own));
    const at = isThere ? place.path : own.path;
    inherited.set(at, own.fd);
    return at;
  };
  const socketOf = (place?: Place): string | undefined => place && settled(place);
  const isLeftOut =
    table.get(socket) !== undefined &&
    table.get(hostSocket) === undefined &&
    region.hostSocket === defaultHostSocket(region.socket);
  if (isLeftOut) warnings.push(leftOut(hostSocket, table.get(socket)?.path ?? region.socket));
  return {
    region: {
      ...region,
      socket: settled(socket) ?? region.socket,
      hostSocket: isLeftOut ? undefined : settled(hostSocket),
      vms: region.vms?.map((vm, index) => ({ ...vm, socket: socketOf(vms[index]) })),
      inherited,
    },
    warnings,
  };
}

function moved({ what, path: asked }: Place, socket: InheritedSocket): SocketWarning {
  return {
    code: 'socket-moved',
    message: `${what} is ${socket.path}, where it was opened for us, and not ${asked}`,
    asked,
  };
}

function leftOut({ what }: Place, socket: string): SocketWarning {
  return {
    code: 'host-socket',
    message:
      `${what} is not there, because the socket for VMs was opened by somebody else: have ` +
      `${defaultHostSocket(socket)} opened, too, or name another path with --host-socket (host-socket: in a file)`,
  };
}

function shown({ path: at, name }: InheritedSocket): string {
  return name === undefined ? at : `${at} ('${name}')`;
}
