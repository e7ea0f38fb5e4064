// systemd units, as the cgroup of a process tells them.
//
// Rule 1: nobody can have a name but who the system's own systemd gave it to. Below a unit its owner makes
//         cgroups as it likes (every user that is logged in has a user@UID.service), so what lies there
//         counts for nothing, but for a user's units, which are called `user@UID.service/NAME`.
// Rule 2: what cannot be decided is no unit: cgroup v1, a path out of our cgroup namespace, a removed one.
// https://man7.org/linux/man-pages/man7/cgroups.7.html, https://systemd.io/CGROUP_DELEGATION/
import { OptionsError } from './error.js';

const UNIT = /\.(service|scope|socket|mount|swap)$/;
const SLICE = '.slice';
const USER_MANAGER = /^user@\d+\.service$/;

/** What a unit has to be called; made by `unitPattern`. */
export type UnitPattern = RegExp;

/**
 * A name of a unit or slice, in which `*` stands for any characters but a slash. Throws OptionsError for
 * what could fit no unit.
 */
export function unitPattern(option: string, name: string): UnitPattern {
  const parts = typeof name === 'string' ? name.split('/') : [''];
  const last = parts.at(-1) ?? '';
  const isUnit = UNIT.test(last) || last.endsWith(SLICE) || last.endsWith('*');
  if (!isUnit || parts.length > 2 || (parts[1] !== undefined && !parts[0]?.startsWith('user@'))) {
    throw new OptionsError(
      option,
      `'${name}' is no systemd unit; allowed: web.service, a scope, a slice, 'web-*.service', ` +
        'and a unit of a user as user@1000.service/web.service',
    );
  }
  const literals = name.split(/\*+/).map((text) => text.replaceAll(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${literals.join('[^/]*')}$`, 'u');
}

/**
 * The units of a process from its /proc/PID/cgroup: its slices from the outermost, its unit, and the same
 * of its user's. Each next one is in the one before; the last is the one that a log should tell.
 */
export function unitsOf(cgroup: string): string[] {
  // Lines end with a line feed only: a name may have anything else in it.
  const line = cgroup.split('\n').find((text) => text.startsWith('0::/')) ?? '';
  const parts = line.slice('0::/'.length).split('/');
  if (parts.includes('..') || line.endsWith(' (deleted)')) return [];
  const names = parts.map((part) => part.replace(/^_/, '')); // systemd's way out of the kernel's names
  const system = leadingUnits(names);
  const manager = system.at(-1) ?? '';
  if (!USER_MANAGER.test(manager)) return system;
  const own = leadingUnits(names.slice(system.length));
  return [...system, ...own.map((name) => `${manager}/${name}`)];
}

// Slices, and what is the first in them.
function leadingUnits(names: readonly string[]): string[] {
  const first = names.findIndex((name) => !name.endsWith(SLICE));
  if (first < 0) return [...names];
  return names.slice(0, UNIT.test(names[first] ?? '') ? first + 1 : first);
}
