// All ivshmem devices that a QEMU's command line has, as far as it tells.
//
// Rule 1: what is not said is undefined, but for the number of vectors, whose default is QEMU's.
// Rule 2: it is what the process says, which may be anything; nothing here believes it.
import { numberOf, valuesOf } from './command-line.js';
import { chardevsOf, devicesWith, globalsOf, keysOf, type OptionGroup } from './option-groups.js';

const DEFAULT_VECTORS = 1;
const MOST_VECTORS = 2_048; // MSI-X has no more

/** One device. */
export interface IvshmemDevice {
  readonly kind: 'doorbell' | 'plain';
  /** Path of its chardev's socket, as it was given: relative to QEMU's working directory perhaps. */
  readonly socket: string | undefined;
  /** Of one with doorbells; undefined where it is no number that QEMU takes for sure. */
  readonly vectors: number | undefined;
  /** Whether its chardev is to connect again (`reconnect=`, `reconnect-ms=`). */
  readonly reconnects: boolean;
}

/** In the order of the command line; both syntaxes of `-device`, with what `-set` and `-global` do to them. */
export function ivshmemDevices(argv: readonly string[]): IvshmemDevice[] {
  const devices = devicesWith(argv, 'ivshmem');
  if (devices.length === 0) return [];
  const chardevs = chardevsOf(argv);
  const globals = globalsOf(argv, DRIVERS);
  return devices.flatMap((device): IvshmemDevice[] => {
    const driver = device.get('driver');
    if (driver === 'ivshmem-plain') return [PLAIN];
    if (driver !== 'ivshmem-doorbell' && driver !== 'ivshmem') return [];
    const valueOf = (key: string): string | undefined => device.get(key) ?? globals.get(key);
    return [doorbellOf(valueOf('vectors'), chardevs.get(valueOf('chardev')))];
  });
}

function doorbellOf(vectors: string | undefined, chardev: OptionGroup | undefined): IvshmemDevice {
  const isSocket = chardev?.get('backend') === 'socket';
  return {
    kind: 'doorbell',
    socket: isSocket ? chardev.get('path') : undefined,
    vectors: vectorsOf(vectors),
    reconnects: isSocket && RECONNECT.some((key) => isOn(chardev.get(key))),
  };
}

/** Paths that are memory of its own making (`mem-path=`). */
export function memoryPaths(argv: readonly string[]): string[] {
  const ofObjects = valuesOf(argv, 'object').map((value) =>
    keysOf(value, 'qom-type').get('mem-path'),
  );
  return [...ofObjects, ...valuesOf(argv, 'mem-path')].filter((path) => path !== undefined);
}

const PLAIN = { kind: 'plain', socket: undefined, vectors: undefined, reconnects: false } as const;
// What -global knows a doorbell device by, and what it has for it: QEMU's types.
const DRIVERS = ['ivshmem-doorbell', 'ivshmem-common'];
const RECONNECT = ['reconnect', 'reconnect-ms'];

function vectorsOf(text: string | undefined): number | undefined {
  if (text === undefined) return DEFAULT_VECTORS;
  const vectors = numberOf(text);
  return vectors !== undefined && vectors > 0 && vectors <= MOST_VECTORS ? vectors : undefined;
}

function isOn(text: string | undefined): boolean {
  return text !== undefined && text !== '0';
}
