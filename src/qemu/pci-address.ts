// A place on a VM's first PCI bus, as QEMU and lspci write it: slot and function, hexadecimal.
//
// Rule 1: slot 0 is no place: on every machine of QEMU's with PCI the host bridge is there.

/** Slot 1–31 and function 0–7. */
export interface PciAddress {
  readonly slot: number;
  readonly fn: number;
}

/** Reads `5`, `05.0`, `1f.7` or `0x1f.7`; undefined for what is no place. */
export function parsePciAddress(text: string): PciAddress | undefined {
  const [, slot, fn = '0'] = /^(?:0x)?([01]?[0-9a-f])(?:\.([0-7]))?$/i.exec(text) ?? [];
  const address = { slot: parseInt(slot ?? '0', 16), fn: Number(fn) };
  return address.slot === 0 ? undefined : address;
}

/** As the property `addr` of a device of QEMU's: `1f.7`. */
export function formatPciAddress({ slot, fn }: PciAddress): string {
  return `${slot.toString(16).padStart(2, '0')}.${fn}`;
}
