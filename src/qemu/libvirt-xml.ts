// What to put into a libvirt domain for a region: a <shmem> of <devices>. Source: libvirt's "Domain XML
// format", "Shared memory device". What it makes of it was measured with libvirt 9.0 and QEMU 7.2.
//
// Rule 1: no <size> where there is a <server>: libvirt refuses that, and learns the size from the server.
// Rule 2: everything is said in attributes, and every value is escaped.
import type { PciAddress } from './pci-address.js';

/** What is the same for both kinds of device. */
export interface ShmemOptions {
  /** Without a slash. That of a plain device is its memory's in /dev/shm. */
  readonly name: string;
  /** Letters, digits, - and _ : libvirt passes over any other without a word. Default: libvirt's own. */
  readonly alias?: string | undefined;
  /** Default: where libvirt finds room. */
  readonly address?: PciAddress | undefined;
  /** Default false. To a device with doorbells libvirt does not pass it on. */
  readonly isMaster?: boolean | undefined;
}

/** The least memory that libvirt takes for a plain device. */
export const MIN_SHMEM_BYTES = 2 ** 20;

/** A doorbell device. */
export function doorbellXml(
  options: ShmemOptions & { readonly socket: string; readonly vectors: number },
): string {
  const { socket, vectors } = options;
  return shmem('ivshmem-doorbell', options, [
    element('server', { path: socket }),
    element('msi', { vectors, ioeventfd: 'on' }),
  ]);
}

/** A plain device. `sizeBytes` is at least MIN_SHMEM_BYTES. */
export function plainXml(options: ShmemOptions & { readonly sizeBytes: number }): string {
  const size = `<size unit='MiB'>${options.sizeBytes / 2 ** 20}</size>`;
  return shmem('ivshmem-plain', options, [size]);
}

/** Whether this can be said: XML and libvirt's schema have no way to write control characters. */
export function isXmlText(text: string): boolean {
  return !/[^\u{20}-\u{7e}\u{a0}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.test(text);
}

function shmem(
  model: string,
  { name, alias, address, isMaster }: ShmemOptions,
  children: readonly string[],
): string {
  const role = isMaster === true ? 'master' : undefined;
  const lines = [
    element('model', { type: model }),
    ...children,
    ...(alias === undefined ? [] : [element('alias', { name: `ua-${alias}` })]),
    ...(address === undefined ? [] : [element('address', place(address))]),
  ];
  const inside = lines.map((line) => `  ${line}`).join('\n');
  return `<shmem${attributes({ name, role })}>\n${inside}\n</shmem>`;
}

function place({ slot, fn }: PciAddress): Attributes {
  const hex = (value: number, digits: number): string =>
    `0x${value.toString(16).padStart(digits, '0')}`;
  return {
    type: 'pci',
    domain: hex(0, 4),
    bus: hex(0, 2),
    slot: hex(slot, 2),
    function: hex(fn, 1),
  };
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

function element(name: string, given: Attributes): string {
  return `<${name}${attributes(given)}/>`;
}

function attributes(given: Attributes): string {
  return Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}='${escape(String(value))}'`)
    .join('');
}

function escape(text: string): string {
  return text.replaceAll(/[&<>'"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
