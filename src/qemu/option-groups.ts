// The options of a QEMU's command line put together as QEMU does it: `-device` and `-chardev`, with what `-set`
// changes in them, and the `-global` defaults of a device.
//
// Rule 1: it is what the process says, which may be anything, and very much of it: nothing here takes longer than a
//         few looks at each argument.
import { parseOptions, valuesOf } from './command-line.js';

/** The options of one device or chardev. */
export interface OptionGroup {
  /** The value that counts; undefined where nothing says one. */
  get(key: string): string | undefined;
}

type Keys = ReadonlyMap<string, string>;

/** Each `-device` that has this text in its value, in the order of the command line. */
export function devicesWith(argv: readonly string[], text: string): OptionGroup[] {
  const values = valuesOf(argv, 'device').filter((value) => value.includes(text));
  if (values.length === 0) return [];
  const changes = changesOf(argv, 'device');
  return values.map((value) => {
    const own = keysOf(value, 'driver');
    // QEMU itself ends at a -set of a device in JSON.
    return groupOf(changes.get(own.get('id') ?? ''), own);
  });
}

/** Each `-chardev`, by its ID. */
export function chardevsOf(argv: readonly string[]): ReadonlyMap<string | undefined, OptionGroup> {
  const changes = changesOf(argv, 'chardev');
  const own = valuesOf(argv, 'chardev').map((value) => parseOptions(value, 'backend'));
  return new Map(
    own.map((keys) => {
      const id = keys.get('id');
      return [id, groupOf(changes.get(id ?? ''), keys)];
    }),
  );
}

/** Default values that `-global` gives the devices of these names (a driver's own, and those it descends from). */
export function globalsOf(argv: readonly string[], drivers: readonly string[]): Keys {
  return new Map(
    valuesOf(argv, 'global')
      .map(globalOf)
      .filter(({ driver }) => drivers.includes(driver))
      .map(({ property, value }) => [property, value]),
  );
}

/** Takes an option's value apart that may be in JSON. */
export function keysOf(value: string, implied: string): Keys {
  if (!value.startsWith('{')) return parseOptions(value, implied);
  return new Map(
    Object.entries(parseJson(value))
      .filter(([, item]) => isPlain(item))
      .map(([key, item]) => [key, String(item)]),
  );
}

function groupOf(changed: Keys | undefined, own: Keys): OptionGroup {
  return { get: (key) => changed?.get(key) ?? own.get(key) };
}

// -set GROUP.ID.KEY=VALUE, by ID.
function changesOf(argv: readonly string[], group: string): ReadonlyMap<string, Keys> {
  const changes = new Map<string, Map<string, string>>();
  for (const text of valuesOf(argv, 'set')) {
    const [, itsGroup, id, key, value] = /^([^.]+)\.([^.]+)\.([^=]+)=(.*)$/s.exec(text) ?? [];
    if (itsGroup !== group || id === undefined || key === undefined) continue;
    const its = changes.get(id) ?? new Map<string, string>();
    changes.set(id, its.set(key, value ?? ''));
  }
  return changes;
}

interface Global {
  readonly driver: string;
  readonly property: string;
  readonly value: string;
}

// -global DRIVER.PROPERTY=VALUE, or each by its name.
function globalOf(text: string): Global {
  const [, driver, property, value] = /^([^.=]+)\.([^=]+)=(.*)$/s.exec(text) ?? [];
  if (driver !== undefined && property !== undefined)
    return { driver, property, value: value ?? '' };
  const keys = parseOptions(text, 'driver');
  const [its = '', name = '', what = ''] = ['driver', 'property', 'value'].map((key) =>
    keys.get(key),
  );
  return { driver: its, property: name, value: what };
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
