// What a running QEMU's command line says about itself and its ivshmem device.
//
// Rule 1: only what it says without doubt. Default values, JSON syntax, several devices or names, another
//         chardev, `-set`: doubt, and doubt is undefined.
// Rule 2: it is what the process says, which may be anything: good to tell VMs apart, no proof of who it is.
import path from 'node:path';

/**
 * Whether a program of this name is a QEMU: qemu-system-x86_64, qemu-system-x86_64-microvm, qemu-kvm, kvm,
 * and what a wrapper calls the one that it starts (.qemu-system-x86_64-wrapped of NixOS, kvm.real).
 */
export function isQemuName(program: string): boolean {
  return /^\.?(qemu-system-\w[\w.-]*|(qemu-kvm|kvm)(-spice|-wrapped_*|[-.]real)?)$/.test(program);
}

/** The arguments in the text of a /proc/PID/cmdline; none where it is not known. */
export function argvOf(text = ''): string[] {
  return text.split('\0').slice(0, -1);
}

/** An ivshmem-doorbell device as the command line has it. */
export interface DoorbellDevice {
  /** Path of its chardev's socket, as it was given: relative to QEMU's working directory perhaps. */
  readonly socket: string;
  readonly vectors: number;
}

/** The only ivshmem device on a command line, if it has doorbells and says how many vectors. */
export function doorbellOnCommandLine(argv: readonly string[]): DoorbellDevice | undefined {
  const devices = valuesOf(argv, 'device').filter((value) => value.includes('ivshmem'));
  const [device] = devices;
  const isChanged = valuesOf(argv, 'set').length > 0;
  if (device === undefined || devices.length > 1 || isChanged) return undefined;
  const keys = parseOptions(device, 'driver');
  const chardev = valuesOf(argv, 'chardev')
    .map((value) => parseOptions(value, 'backend'))
    .find((options) => options.get('id') === keys.get('chardev'));
  const socket = chardev?.get('backend') === 'socket' ? chardev.get('path') : undefined;
  const vectors = numberOf(keys.get('vectors') ?? '');
  if (keys.get('driver') !== 'ivshmem-doorbell' || socket === undefined || vectors === undefined) {
    return undefined;
  }
  return { socket, vectors };
}

const MAX_UINT32 = 2 ** 32 - 1;

/** A uint32 as QEMU reads it: `9`, `+9`, `0x9`, and `011`, which is octal. Undefined: it is none, or in doubt. */
export function numberOf(text: string): number | undefined {
  if (!/^\+?(0x[\da-f]+|0[0-7]*|[1-9]\d*)$/i.test(text)) return undefined;
  const digits = text.replace('+', '');
  const number = Number(/^0\d/.test(digits) ? `0o${digits}` : digits);
  return number <= MAX_UINT32 ? number : undefined;
}

/** The name of the VM (`-name web`, `-name guest=web,…`), if this is a QEMU's command line and has one. */
export function nameOnCommandLine(argv: readonly string[]): string | undefined {
  const names = valuesOf(argv, 'name');
  // A file of options may name it, too.
  const isSure = names.length === 1 && valuesOf(argv, 'readconfig').length === 0;
  if (!isSure || !isQemuName(path.basename(argv[0] ?? ''))) return undefined;
  const [value = ''] = names;
  const parts = splitOptions(value);
  const guests = parts.filter(
    (part, index) => part.startsWith('guest=') || (index === 0 && !part.includes('=')),
  );
  const name = guests[0]?.replace(/^guest=/, '');
  return guests.length === 1 && name !== '' ? name : undefined;
}

/** What stands behind an option, each time that it is there. */
export function valuesOf(argv: readonly string[], option: string): string[] {
  // Plain comparisons: a stranger may have sixty thousand arguments.
  const [short, long] = [`-${option}`, `--${option}`];
  return argv.filter((_, index) => argv[index - 1] === short || argv[index - 1] === long);
}

/**
 * Takes `word,key=value,…` apart: the first word is the value of the key that is implied, a further key alone is
 * `on`, and of two values of a key the last one counts.
 */
export function parseOptions(value: string, implied: string): ReadonlyMap<string, string> {
  const keys = splitOptions(value).map((part, index): [string, string] => {
    const equals = part.indexOf('=');
    if (equals >= 0) return [part.slice(0, equals), part.slice(equals + 1)];
    return index === 0 ? [implied, part] : [part, 'on'];
  });
  return new Map(keys);
}

// A doubled comma stands for one inside a value.
function splitOptions(value: string): string[] {
  return (value.match(/(?:[^,]|,,)+/g) ?? []).map((part) => part.replaceAll(',,', ','));
}
