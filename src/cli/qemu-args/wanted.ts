// What kind of device is asked for, and in which form.
import { quote } from '../../protocol/printable.js';
import { parsePciAddress, type PciAddress } from '../../qemu/pci-address.js';
import { OptionsError } from '../../server/error.js';
import { UsageError } from '../exit.js';
import { integerIn } from '../flags.js';
import type { QemuArgsArguments } from './command.js';

/** A device, as far as it does not depend on the region. */
export interface Wanted {
  readonly kind: 'doorbell' | 'plain';
  readonly form: 'words' | 'json' | 'libvirt';
  readonly id: string | undefined;
  readonly address: PciAddress | undefined;
  readonly isMaster: boolean;
  /** Undefined: as many as the region has. */
  readonly vectors: number | undefined;
}

/** Throws UsageError, OptionsError. */
export function readWanted(given: QemuArgsArguments): Wanted {
  const { plain = false, json = false, libvirt = false, master = false } = given;
  if (json && libvirt) throw new UsageError('--json and --libvirt: choose one');
  if (plain && given.vectors !== undefined) {
    throw new OptionsError('vectors', 'a plain device has none: leave out --plain, or this');
  }
  return {
    kind: plain ? 'plain' : 'doorbell',
    form: libvirt ? 'libvirt' : json ? 'json' : 'words',
    id: given.id === undefined ? undefined : identifier(given.id, libvirt),
    address: given.addr === undefined ? undefined : pciAddress(given.addr),
    isMaster: master,
    vectors:
      given.vectors === undefined ? undefined : integerIn('vectors', given.vectors, 1, 2_048),
  };
}

// libvirt passes over an alias with a dot in it, without a word.
function identifier(text: string, isForLibvirt: boolean): string {
  const [form, allowed] = isForLibvirt
    ? [/^[a-z][a-z0-9_-]*$/i, 'digits, - and _']
    : [/^[a-z][a-z0-9._-]*$/i, 'digits, -, . and _'];
  if (form.test(text)) return text;
  const whose = isForLibvirt ? 'libvirt' : 'QEMU';
  throw new OptionsError(
    'id',
    `${quote(text)} is no identifier for ${whose}; allowed: a letter, then letters, ${allowed}`,
  );
}

function pciAddress(text: string): PciAddress {
  const address = parsePciAddress(text);
  if (address !== undefined) return address;
  const allowed =
    'slot 1–1f (0 is the host bridge) and perhaps function 0–7, hexadecimal, as in 5 or 1f.7';
  throw new OptionsError(
    'addr',
    `${quote(text)} is no place for a device on a PCI bus; allowed: ${allowed}`,
  );
}
