// What a region's options may be, each for itself and together.
//
// Rule 1: what the server checks of its options is not said here again: it is asked, until it has no more
//         to say.
import { OptionsError } from '../../server/error.js';
import { resolveGroup } from '../../server/group.js';
import { checkOptions, type CheckedOptions } from '../../server/options.js';
import { resolveUser } from '../../server/user.js';
import { flagOf } from '../complaint.js';
import { checkVms } from './check-vms.js';
import type { NamedOptions } from './read-region.js';
import type { Report } from './report.js';

/** A region as a server takes it, defaults filled in. */
export type RegionOptions = NamedOptions & Pick<CheckedOptions, 'socketMode' | 'size' | 'vectors'>;

/** Notes what is wrong; undefined if that is so much that the server does not take it. */
export function checkRegion(options: NamedOptions, report: Report): RegionOptions | undefined {
  const path = ['regions', options.name];
  const { socketGroup, memGroup, access = [], vms = [] } = options;
  const groups = { 'socket-group': socketGroup, 'mem-group': memGroup };
  for (const [key, group] of Object.entries(groups)) checkGroup([...path, key], group, report);
  access.forEach(({ user, group }, index) => {
    checkUser([...path, 'access', index, 'user'], user, report);
    checkGroup([...path, 'access', index, 'group'], group, report);
  });
  for (const { name, user } of vms) checkUser([...path, 'vms', name, 'user'], user, report);
  checkVms(options, report);
  return askServer(options, report);
}

type Account = string | number | undefined;
type Path = readonly (string | number)[];

function checkUser(path: Path, user: Account, report: Report): void {
  if (user !== undefined) report.attempt(path, () => resolveUser('user', user));
}

function checkGroup(path: Path, group: Account, report: Report): void {
  if (group !== undefined) report.attempt(path, () => resolveGroup('group', String(group)));
}

const memory = ['shmName', 'memPath', 'memMode', 'memGroup'] as const;
// What makes no sense any more when an option is left out.
const together: Readonly<Record<string, readonly (keyof NamedOptions)[]>> = {
  shmName: memory,
  memPath: memory,
  size: ['size', 'hugePageBytes'],
};

function askServer(options: NamedOptions, report: Report): RegionOptions | undefined {
  let rest = leaveOutWrong(options, report);
  for (;;) {
    try {
      const { socketMode, size, vectors, memMode } = checkOptions(rest);
      // A memfd has none.
      const isNamed = (rest.shmName ?? rest.memPath) !== undefined;
      return { ...rest, socketMode, size, vectors, ...(isNamed && { memMode }) };
    } catch (error) {
      if (!(error instanceof OptionsError)) throw error;
      report.add(['regions', options.name, ...pathOf(error.option, options)], error.message);
      const option = error.option.replace(/\[.*/, '') as keyof NamedOptions;
      if (rest[option] === undefined) return undefined;
      rest = without(rest, option);
    }
  }
}

// `vms[1].qemuName` is vms.db.qemu-name in the file, `access[0].user` access.0.user.
function pathOf(option: string, { vms = [] }: NamedOptions): Path {
  const [, list = '', index, inside] = /^(\w+)\[(\d+)\](?:\.(\w+))?$/.exec(option) ?? [];
  if (index === undefined) return [keyOf(option)];
  const item = list === 'vms' ? (vms[Number(index)]?.name ?? index) : index;
  return inside === undefined ? [list, item] : [list, item, keyOf(inside)];
}

// The server is not asked about what was not understood, nor about what goes with it; of a list in which
// something is wrong it has a place, and no line.
function leaveOutWrong(options: NamedOptions, report: Report): NamedOptions {
  const doubtful = ['access', 'vms', 'shmName', 'memPath', 'size'] as const;
  return doubtful
    .filter((option) => report.hasIn(['regions', options.name, keyOf(option)]))
    .reduce(without, options);
}

function without(options: NamedOptions, option: keyof NamedOptions): NamedOptions {
  const left = { ...options };
  for (const each of together[option] ?? [option]) Reflect.deleteProperty(left, each);
  return option === 'socket' ? { ...left, socket: '/' } : left;
}

// An option's name in the file.
function keyOf(option: string): string {
  return flagOf(option).slice(2);
}
