// Lists of VMs at random, each of which may follow any other.
//
// Rule 1: a list is valid by itself: no name, ID or socket is in it twice. What it asks for may be another's,
//         or have been.
import type { Random } from './random.js';
import type { Vms } from './vm-scene.js';

const names = Array.from({ length: 9 }, (_, index) => `vm${index}`);
const uid = process.getuid?.() ?? 0;

/** All that VMs may have, by name. */
export const sockets = Array.from({ length: 7 }, (_, index) => `socket${index}`);

/** Mostly one that nobody had yet; the low ones are those of peers without a name. */
function randomId(random: Random): number {
  return random.oneIn(6) ? random.below(100) : 65_535 - random.below(600);
}

/** A list in any order, of which some ask for what others have, or had. */
function randomList(random: Random): Vms {
  const shuffled = [...names].sort(() => random.below(3) - 1);
  const chosen = shuffled.filter(() => !random.oneIn(3));
  const free = { ids: new Set<number>(), sockets: new Set<string>() };
  return Object.fromEntries(
    chosen.map((name) => {
      const id = random.oneIn(2) ? randomId(random) : undefined;
      const socket = random.oneIn(5) ? undefined : random.pick(sockets)!;
      const isTwice = socket === undefined || free.sockets.has(socket);
      if (socket !== undefined) free.sockets.add(socket);
      const hasId = id !== undefined && !free.ids.has(id);
      if (id !== undefined) free.ids.add(id);
      return [name, { ...(hasId && { id }), ...(isTwice ? { user: uid } : { socket }) }];
    }),
  );
}

/** Mostly the list that was, with a few VMs changed. */
export function nextList(vms: Vms, random: Random): Vms {
  if (random.oneIn(4)) return randomList(random);
  const other = randomList(random);
  const merged = Object.entries({ ...vms, ...other }).flatMap(([name, vm]) => {
    const kept = vms[name] !== undefined && !random.oneIn(4) ? vms[name] : vm;
    return random.oneIn(8) ? [] : [[name, kept] as const];
  });
  const used = new Set<unknown>();
  return Object.fromEntries(
    merged.filter(([, { id, socket }]) => {
      const wanted = [id, socket].filter((value) => value !== undefined);
      const isFree = !wanted.some((value) => used.has(value));
      if (isFree) for (const value of wanted) used.add(value);
      return isFree;
    }),
  );
}
