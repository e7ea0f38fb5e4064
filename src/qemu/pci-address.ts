// A place on a VM's first PCI bus, as QEMU and lspci write it: slot and function, hexadecimal.

/** Slot 0–31 and function 0–7. */
export interface PciAddress {
  readonly slot: number;
  readonly fn: number;
}

/** Reads `5`, `05.0`, `1f.7` or `0x1f.7`; undefined for what is no place. */
export function parsePciAddress(text: string): PciAddress | undefined {
  const [, slot, fn = '0'] = /^(?:0x)?([01]?[0-9a-f])(?:\.([0-7]))?$/i.exec(text) ?? [];
  return slot === undefined ? undefined : { slot: parseInt(slot, 16), fn: Number(fn) };
}

/** As the property `addr` of a device of QEMU's: `1f.7`. */
export function formatPciAddress({ slot, fn }: PciAddress): string {
  return `${slot.toString(16).padStart(2, '0')}.${fn}`;
}
