// What can be wrong with the VMs that a server is told of.
//
// Rule 1: the option of each error says which of them it is about, and what of it: `vms[1].id`.
import path from 'node:path';
import { MAX_PEER_ID } from '../protocol/wire.js';
import { OptionsError } from './error.js';
import type { ServerOptions, VmOptions } from './options.js';

// What may stand in a line of the log, in a path and in a label of a metric as it is.
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,62}$/;
const EVIDENCE = ['user', 'qemuName', 'unit'] as const;

/** Throws OptionsError for the first thing that cannot be. */
export function checkVms({ vms = [], socket, hostSocket }: ServerOptions): void {
  const names = new Set<string>();
  const ids = new Set<number>();
  const sockets = new Set([socket, hostSocket ?? socket].map((taken) => path.resolve(taken)));
  vms.forEach((vm, index) => {
    const option = (key: keyof VmOptions): string => `vms[${index}].${key}`;
    checkName(option('name'), vm.name, names);
    checkId(option('id'), vm, ids);
    checkSocket(option('socket'), vm, sockets);
  });
}

function checkName(option: string, name: string, names: Set<string>): void {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new OptionsError(
      option,
      `'${name}' is no name: 1–63 letters, digits and any of _.:@-, a letter or digit first`,
    );
  }
  if (names.has(name)) throw new OptionsError(option, `there are two VMs called ${name}`);
  names.add(name);
}

function checkId(option: string, { name, id }: VmOptions, ids: Set<number>): void {
  if (id === undefined) return;
  if (!Number.isInteger(id) || id < 0 || id > MAX_PEER_ID)
    throw new OptionsError(option, `${String(id)} (of ${name}) is not in 0–${MAX_PEER_ID}`);
  if (ids.has(id)) throw new OptionsError(option, `ID ${id} (of ${name}) is another VM's`);
  ids.add(id);
}

function checkSocket(option: string, vm: VmOptions, sockets: Set<string>): void {
  const { name, socket } = vm;
  if (socket === undefined) {
    if (EVIDENCE.some((key) => vm[key] !== undefined)) return;
    throw new OptionsError(
      option,
      `nothing tells ${name} from others: it needs a socket of its own, or ${EVIDENCE.join(', ')}`,
    );
  }
  if (typeof socket !== 'string' || socket === '' || socket.includes('\0'))
    throw new OptionsError(option, 'a path of 1–107 bytes without a NUL is needed');
  const resolved = path.resolve(socket);
  if (sockets.has(resolved))
    throw new OptionsError(option, `${socket} (of ${name}) is the path of another socket`);
  sockets.add(resolved);
}
