// VMs that have a name, from what people write to what a newcomer is compared with.
//
// Rule 1: the option of each error says which of them it is about, and what of it: `vms[1].id`.
// Rule 2: a VM that has a socket of its own is who comes there, and has to fit what else is said of it. One
//         without is who comes to the region's and fits.
import path from 'node:path';
import { MAX_PEER_ID } from '../protocol/wire.js';
import { OptionsError } from './error.js';
import { checkFields, resolveRule } from './identity-rule.js';
import type { IdentityRule } from './identity.js';
import type { ServerOptions, VmOptions } from './options.js';

// What may stand in a line of the log, in a path and in a label of a metric as it is.
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,62}$/;

const FIELDS = ['name', 'id', 'socket', 'user', 'qemuName', 'unit'];

/** A VM that has a name. */
export interface NamedVm {
  readonly name: string;
  readonly id: number | undefined;
  readonly socket: string | undefined;
  /** Whom it fits; undefined: whoever comes to its socket. */
  readonly rule: IdentityRule | undefined;
}

/** Checks them and looks up users. Throws OptionsError for the first thing that cannot be. */
export function resolveVms({ vms = [], socket, hostSocket }: ServerOptions): NamedVm[] {
  if (!Array.isArray(vms)) throw new OptionsError('vms', 'it is no list of VMs');
  const names = new Set<string>();
  const ids = new Set<number>();
  const sockets = new Set([socket, hostSocket ?? socket].map((taken) => path.resolve(taken)));
  return vms.map((vm: VmOptions, index) => {
    const option = `vms[${index}]`;
    checkFields(option, vm, FIELDS);
    checkName(`${option}.name`, vm.name, names);
    checkId(`${option}.id`, vm, ids);
    const { user, qemuName, unit } = vm;
    const rule = resolveRule(option, { user, qemuName, unit });
    if (vm.socket !== undefined) checkSocket(`${option}.socket`, vm.name, vm.socket, sockets);
    else if (rule === undefined) throw indistinct(`${option}.socket`, vm);
    return { name: vm.name, id: vm.id, socket: vm.socket, rule };
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

function checkSocket(option: string, name: string, socket: string, sockets: Set<string>): void {
  if (typeof socket !== 'string' || socket === '' || socket.includes('\0'))
    throw new OptionsError(option, 'a path of 1–107 bytes without a NUL is needed');
  const resolved = path.resolve(socket);
  if (sockets.has(resolved))
    throw new OptionsError(option, `${socket} (of ${name}) is the path of another socket`);
  sockets.add(resolved);
}

function indistinct(option: string, { name }: VmOptions): OptionsError {
  const needed = 'it needs a socket of its own, or user, qemuName, unit';
  return new OptionsError(option, `nothing tells ${name} from others: ${needed}`);
}
