// What does not work, of what somebody may try with the device that was asked for.
//
// Rule 1: one line for each thing, and only where it applies.
import { accessSync, constants } from 'node:fs';
import type { RegionDescription } from '../../protocol/answer.js';
import { quote } from '../../protocol/printable.js';
import { ranges } from '../ranges.js';
import { isHiddenHere } from './check-here.js';
import type { Wanted } from './wanted.js';

/** For people, without a final stop; `device` is what is pasted. */
export function warningsOf(wanted: Wanted, region: RegionDescription, device: string): string[] {
  const warnings =
    wanted.kind === 'plain'
      ? [lifeOf(region), accessTo(region)]
      : [reconnect(wanted), fewerVectors(wanted, region), master(wanted, region)];
  return [...warnings, hiddenFunction(wanted), quotedWords(wanted, device)].filter(
    (warning) => warning !== undefined,
  );
}

// Who pastes this may be about to add it: with other chardevs it is a good habit. libvirt cannot.
function reconnect({ form }: Wanted): string | undefined {
  if (form === 'libvirt') return undefined;
  return 'never add reconnect= to the chardev: QEMU spins on it, whatever the server does';
}

function fewerVectors({ vectors }: Wanted, region: RegionDescription): string | undefined {
  if (vectors === undefined || vectors >= region.vectors) return undefined;
  const numbers = Array.from({ length: region.vectors - vectors }, (_, index) => vectors + index);
  return (
    `the region has ${region.vectors} vectors: what is rung on ${ranges(numbers)} does not arrive, ` +
    'and QEMU complains of each (Too many eventfd received)'
  );
}

function master({ form, isMaster }: Wanted, { nextId }: RegionDescription): string | undefined {
  if (!isMaster) return undefined;
  if (form === 'libvirt') {
    return "libvirt (9.0) does not pass role='master' on to a device with doorbells: it will be none";
  }
  if (nextId === 0) return 'master=on is for the first peer: start this VM before any other';
  const next = nextId === null ? 'there is none left' : `the next is ${nextId}`;
  return `master=on does not work any more: it needs peer ID 0, and ${next}; QEMU will exit`;
}

// PCI has a guest look at the others only where function 0 is there and says so.
function hiddenFunction({ address }: Wanted): string | undefined {
  if (address === undefined || address.fn === 0) return undefined;
  const slot = address.slot.toString(16);
  return (
    `a guest finds function ${address.fn} of slot ${slot} only if another device is function 0 there, ` +
    'with multifunction=on'
  );
}

// Nothing but a quoted word has a quote in it.
function quotedWords({ form }: Wanted, device: string): string | undefined {
  if (form === 'libvirt' || !device.includes("'")) return undefined;
  return (
    'these words are quoted, and $(…) would take them apart: paste them, or have them read once more, ' +
    'as in eval "qemu-system-x86_64 $(ivshmem qemu-args …)"'
  );
}

function lifeOf({ memory, pid }: RegionDescription): string | undefined {
  if (!memory.path.startsWith('/proc/')) return undefined;
  return (
    `${quote(memory.path)} is there as long as the server is (process ${pid}), and another thing after it: ` +
    'for VMs that start later give the memory a name (ivshmem serve --shm-name or --mem-path)'
  );
}

function accessTo({ memory: { path, device, inode } }: RegionDescription): string | undefined {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const denied = `${quote(path)} cannot be opened by this user here (${code}), and so not by its QEMU`;
    if (!isHiddenHere(path)) return denied;
    return (
      `${denied}; before another user's QEMU is given it, see that it is the memory of the region ` +
      `(stat -L: device ${device}, inode ${inode}), and not another server's or nobody's`
    );
  }
}
