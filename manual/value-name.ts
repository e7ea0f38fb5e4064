// What the values of options are called on man pages, and what a shell can complete them by.
//
// Rule 1: an option that takes a value has a name for it here, whatever command it belongs to.

/** Options of `ivshmem`, by name; those with choices need none. */
export const valueNames: Readonly<Record<string, string>> = {
  addr: 'SLOT',
  config: 'FILE',
  control: 'PATH',
  count: 'N',
  fd: 'FD',
  'host-socket': 'PATH',
  id: 'NAME',
  interval: 'SECONDS',
  label: 'LABEL',
  'max-peers': 'N',
  'mem-group': 'GROUP',
  'mem-mode': 'MODE',
  'mem-path': 'PATH',
  'pid-file': 'FILE',
  'ready-fd': 'FD',
  region: 'REGION',
  'shm-name': 'NAME',
  size: 'SIZE',
  socket: 'PATH',
  'socket-group': 'GROUP',
  'socket-mode': 'MODE',
  timeout: 'SECONDS',
  user: 'USER',
  vector: 'N',
  vectors: 'N',
};

/** What a shell can complete. */
export type ValueKind = 'file' | 'directory' | 'user' | 'group';

const kinds: Readonly<Record<string, ValueKind>> = {
  FILE: 'file',
  PATH: 'file',
  SOCKET: 'file',
  DIRECTORY: 'directory',
  USER: 'user',
  GROUP: 'group',
};

/** What a value of this name is; undefined: no shell can know. */
export function kindOf(valueName: string): ValueKind | undefined {
  return kinds[valueName];
}
