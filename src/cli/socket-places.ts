// Where a region has sockets, and what they may be called by who opens them before us.
import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { InheritedSocket } from '../control/inherited-sockets.js';
import type { ServerOptions } from '../server/options.js';

const ENDS_IN_HOST = /(^|\.)host$/;

/** Where a region has a socket, or may have one. */
export interface Place {
  /** `the socket of region lab` */
  readonly what: string;
  readonly path: string | undefined;
  /** Whether a socket that is bound elsewhere is meant. */
  readonly isCalled: (socket: InheritedSocket) => boolean;
}

/** All of one region. */
export interface Places {
  readonly socket: Place;
  readonly hostSocket: Place;
  readonly vms: readonly Place[];
}

/** Those of a region, whether it has them or not. */
export function placesOf({ name: region, socket, hostSocket, vms = [] }: ServerOptions): Places {
  const of = region === undefined ? '' : ` of region ${region}`;
  const called =
    (name: string): Place['isCalled'] =>
    (candidate) =>
      candidate.name === name;
  const isHosts =
    region === undefined
      ? ({ name = '', path: at }: InheritedSocket) =>
          ENDS_IN_HOST.test(name) || at.endsWith('.host')
      : called(`${region}.host`);
  return {
    socket: {
      what: `the socket${of}`,
      path: socket,
      isCalled: region === undefined ? (candidate) => !isHosts(candidate) : called(region),
    },
    hostSocket: { what: `the socket for host commands${of}`, path: hostSocket, isCalled: isHosts },
    vms: vms.map(({ name: vm, socket: own }) => ({
      what: `the socket of VM ${vm}${of}`,
      path: own,
      isCalled: called(`${region ?? ''}.${vm}`),
    })),
  };
}

/** That of the control socket, whether there is to be one or not. */
export function controlPlaceOf(path: string | undefined): Place {
  return { what: 'the control socket', path, isCalled: ({ name }) => name === 'control' };
}

/** Whether two paths lead to the same socket: they may be written in several ways. */
export function isSamePath(one: string, other: string): boolean {
  return one === path.resolve(other) || canonical(one) === canonical(other);
}

function canonical(file: string): string {
  const { dir, base } = path.parse(path.resolve(file));
  try {
    return path.join(realpathSync(dir), base);
  } catch {
    return path.resolve(file);
  }
}
