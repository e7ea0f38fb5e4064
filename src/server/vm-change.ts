// The list of VMs that have a name becomes another one while peers are attached.
//
// Rule 1: each VM by itself: what cannot be done for one is said, it stays as it was, and the rest is done.
// Rule 2: who is attached keeps its ID and its way in. Of its rule only newcomers take notice.
// Rule 3: those that go, go first: others may get what they had. For each VM comes first what can fail, then
//         what cannot be undone.
// Rule 4: a slot that suits stays, wherever its socket goes: nobody is told, and no ID is spent.
import path from 'node:path';
import type { Doors } from './doors.js';
import { OptionsError, ServerError } from './error.js';
import type { NamedVm } from './named-vm.js';
import type { CheckedOptions } from './options.js';
import type { Region } from './region.js';
import type { Known } from './slots.js';

/** A VM of which not all was done that was asked. */
export interface UnchangedVm {
  readonly option: 'vms';
  readonly vm: string;
  /** What stands in the way. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** What stands in the way of one VM. */
class Obstacle extends Error {
  readonly remedy: string;

  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

const ID_STATES = {
  reserved: 'is kept for another VM',
  'in use': 'is in use',
  retired: 'was that of one that left, as attached peers know',
} as const;

/** One change of the list of VMs of one region. */
export class VmChange {
  readonly #region: Region;
  readonly #doors: Doors;
  readonly #options: CheckedOptions;
  readonly #unchanged: UnchangedVm[] = [];

  /** `options`: of the region from now on, with the list that is asked for. */
  constructor(region: Region, doors: Doors, options: CheckedOptions) {
    this.#region = region;
    this.#doors = doors;
    this.#options = options;
  }

  /** Makes the change, as far as can be; returns what was not done. */
  make(): readonly UnchangedVm[] {
    const { namedVms } = this.#options;
    const names = namedVms.map(({ name }) => name);
    const gone = this.#region.vms.filter(({ vm }) => !names.includes(vm.name));
    for (const known of gone) {
      this.#attempt(known.vm, () => {
        this.#remove(known);
      });
    }
    for (const vm of namedVms) {
      this.#attempt(vm, () => {
        this.#put(vm);
      });
    }
    this.#region.sortVms(names);
    for (const { vm } of this.#region.vms) {
      this.#attempt(vm, () => {
        this.#doors.admit(this.#options, vm.name);
      });
    }
    return this.#unchanged;
  }

  #remove(known: Known): void {
    const { vm } = known;
    this.#checkAway(known, 'it can go when it has left');
    this.#region.removeVm(vm.name);
    this.#shut(vm);
  }

  #put(vm: NamedVm): void {
    const known = this.#region.vms.find((other) => other.vm.name === vm.name);
    const isRenumbered = !known?.slot.suits(vm.id);
    const isMoved = !isSamePath(known?.vm.socket, vm.socket);
    if (known && isRenumbered) this.#checkAway(known, 'its ID can change when it has left');
    if (known && isMoved) this.#checkAway(known, 'its socket can change when it has left');
    if (isRenumbered) this.#checkId(vm);
    if (isMoved && vm.socket !== undefined)
      this.#doors.open({ ...vm, socket: vm.socket }, this.#options);
    this.#region.putVm(vm);
    if (known && isMoved) this.#shut(known.vm);
  }

  #shut({ name, socket }: NamedVm): void {
    if (socket !== undefined) this.#doors.shut({ name, socket });
  }

  #checkAway({ vm: { name }, slot }: Known, when: string): void {
    const owner = this.#region.ownerOf(slot);
    if (owner === undefined) return;
    const who = `peer ${slot.id}, pid ${owner.credentials.pid}`;
    throw new Obstacle(`${name} is attached (${who}): ${when}`, 'end it, and reload');
  }

  #checkId({ name, id }: NamedVm): void {
    const state = id === undefined ? 'free' : this.#region.membership.stateOf(id);
    if (state === 'free') return;
    throw new Obstacle(
      `${name} cannot have peer ID ${id}, which ${ID_STATES[state]}`,
      'give it another one, or reload when this one is free: when those who know it or have it have left',
    );
  }

  #attempt({ name: vm }: NamedVm, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!isFailure(error)) throw error;
      const { message } = error;
      const isObstacle = error instanceof Obstacle;
      this.#unchanged.push({
        option: 'vms',
        vm,
        message: isObstacle ? message : `${vm}: ${message}`,
        remedy: isObstacle ? error.remedy : 'put that right, and reload',
      });
    }
  }
}

function isSamePath(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return path.resolve(one) === path.resolve(other);
}

// What the system does not allow; anything else is a bug.
function isFailure(error: unknown): error is Error {
  const isKnown = [Obstacle, ServerError, OptionsError].some((known) => error instanceof known);
  return isKnown || (error as NodeJS.ErrnoException).syscall !== undefined;
}
