// What to put on QEMU's command line for a region. Source: QEMU's qemu(1), "-chardev" and "-device
// ivshmem-doorbell"; docs/system/devices/ivshmem in QEMU's tree.
//
// Rule 1: never `reconnect=`: QEMU spins on it whatever the server does.
// Rule 2: a device is a record of properties, written down in one syntax or the other here.
import { formatPciAddress, type PciAddress } from './pci-address.js';

/** What is the same for both kinds of device. */
export interface DeviceOptions {
  /**
   * A QEMU identifier: of the device, and of the chardev or object behind it. Default: `ivshmem` behind
   * it, and none of the device.
   */
  readonly id?: string | undefined;
  /** Default: where QEMU finds room. */
  readonly address?: PciAddress | undefined;
  /** The VM that keeps the memory when it is migrated; with doorbells it has to be the first peer. Default false. */
  readonly isMaster?: boolean | undefined;
  /** JSON is for QEMU 6.2 or newer; -chardev has none. Default `text`. */
  readonly syntax?: 'text' | 'json' | undefined;
}

/** A device with doorbells. */
export interface DoorbellOptions extends DeviceOptions {
  readonly socket: string;
  readonly vectors: number;
}

/** A device with memory only. */
export interface PlainOptions extends DeviceOptions {
  /** Where QEMU can open the memory. */
  readonly path: string;
  readonly sizeBytes: number;
}

type Properties = Readonly<Record<string, string | number | boolean | undefined>>;

const DEFAULT_ID = 'ivshmem';

/** A doorbell device (memory and interrupts), as command line arguments. */
export function doorbellArguments(options: DoorbellOptions): string[] {
  const { socket, vectors, id = DEFAULT_ID, syntax } = options;
  const device = { driver: 'ivshmem-doorbell', chardev: id, vectors, ...common(options) };
  return [
    ...['-chardev', asText({ backend: 'socket', path: socket, id })],
    ...['-device', written(device, syntax)],
  ];
}

/** A plain device (memory only), as command line arguments. */
export function plainArguments(options: PlainOptions): string[] {
  const { path, sizeBytes, id = DEFAULT_ID, syntax } = options;
  const memory = { 'qom-type': 'memory-backend-file', id, size: sizeBytes, share: true };
  const device = { driver: 'ivshmem-plain', memdev: id, ...common(options) };
  return [
    ...['-object', written({ ...memory, 'mem-path': path }, syntax)],
    ...['-device', written(device, syntax)],
  ];
}

/** Arguments as a line to paste into a shell. */
export function shellWords(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

function common({ id, address, isMaster }: DeviceOptions): Properties {
  return {
    id,
    // To QEMU it is one of on, off and auto, and so a text in JSON, too.
    master: isMaster === true ? 'on' : undefined,
    addr: address && formatPciAddress(address),
  };
}

function written(properties: Properties, syntax: DeviceOptions['syntax']): string {
  return syntax === 'json' ? JSON.stringify(properties) : asText(properties);
}

// The first is the kind, and has no name in this syntax. Commas separate; a doubled one stands for itself.
function asText(properties: Properties): string {
  return Object.entries(properties)
    .filter(([, value]) => value !== undefined)
    .map(([name, value], index) => {
      const text = value === true ? 'on' : String(value).replaceAll(',', ',,');
      return index === 0 ? text : `${name}=${text}`;
    })
    .join(',');
}
