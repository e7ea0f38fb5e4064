// All ivshmem devices that a QEMU's command line has, as far as it tells.
//
// Rule 1: what is not said is undefined, but for the number of vectors, whose default is QEMU's.
// Rule 2: it is what the process says, which may be anything; nothing here believes it.
import { parseOptions, valuesOf } from './command-line.js';

const DEFAULT_VECTORS = 1;

/** One device. */
export interface IvshmemDevice {
  readonly kind: 'doorbell' | 'plain';
  /** Path of its chardev's socket, as it was given: relative to QEMU's working directory perhaps. */
  readonly socket: string | undefined;
  /** Of one with doorbells; undefined where it is no plain decimal number. */
  readonly vectors: number | undefined;
  /** Whether its chardev is to connect again (`reconnect=`, `reconnect-ms=`). */
  readonly reconnects: boolean;
}

/** In the order of the command line; both syntaxes of `-device`. */
export function ivshmemDevices(argv: readonly string[]): IvshmemDevice[] {
  const devices = valuesOf(argv, 'device').filter((value) => value.includes('ivshmem'));
  if (devices.length === 0) return [];
  const chardevs = new Map(
    valuesOf(argv, 'chardev')
      .map(parseOptions)
      .map(({ driver, keys }) => [keys.get('id'), { driver, keys }]),
  );
  return devices.flatMap((value): IvshmemDevice[] => {
    const { driver, keys } = keysOf(value);
    if (driver === 'ivshmem-plain') return [PLAIN];
    if (driver !== 'ivshmem-doorbell' && driver !== 'ivshmem') return [];
    const chardev = chardevs.get(keys.get('chardev'));
    const isSocket = chardev?.driver === 'socket';
    return [
      {
        kind: 'doorbell',
        socket: isSocket ? chardev.keys.get('path') : undefined,
        vectors: vectorsOf(keys.get('vectors')),
        reconnects: isSocket && RECONNECT.some((key) => isOn(chardev.keys.get(key))),
      },
    ];
  });
}

/** Paths that are memory of its own making (`mem-path=`). */
export function memoryPaths(argv: readonly string[]): string[] {
  const ofObjects = valuesOf(argv, 'object').map((value) => keysOf(value).keys.get('mem-path'));
  return [...ofObjects, ...valuesOf(argv, 'mem-path')].filter((path) => path !== undefined);
}

const PLAIN = { kind: 'plain', socket: undefined, vectors: undefined, reconnects: false } as const;
const RECONNECT = ['reconnect', 'reconnect-ms'];

interface Keys {
  readonly driver: string | undefined;
  readonly keys: ReadonlyMap<string, string>;
}

function keysOf(value: string): Keys {
  if (!value.startsWith('{')) {
    const { driver, keys } = parseOptions(value);
    return { driver: driver.replace(/^driver=/, ''), keys };
  }
  const keys = new Map(
    Object.entries(parseJson(value))
      .filter(([, item]) => isPlain(item))
      .map(([key, item]) => [key, String(item)]),
  );
  return { driver: keys.get('driver'), keys };
}

function parseJson(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

// What a list or an object becomes as a text is their own affair: `toString` may be anything there.
function isPlain(item: unknown): boolean {
  return ['string', 'number', 'boolean'].includes(typeof item);
}

function vectorsOf(text: string | undefined): number | undefined {
  if (text === undefined) return DEFAULT_VECTORS;
  return /^[1-9]\d{0,4}$/.test(text) ? Number(text) : undefined;
}

function isOn(text: string | undefined): boolean {
  return text !== undefined && text !== '0';
}
