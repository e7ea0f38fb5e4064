// What `ivshmem-client` takes: the flags of the debug client in QEMU's tree.
import type { FlagCommand } from '../flag-command.js';

/** For `getopt`, for -h and for the man page. */
export const clientFlags = {
  name: 'ivshmem-client',
  summary: 'Joins a region as one more peer, to look at it and to ring: a debug tool',
  flags: {
    h: { description: 'show this help' },
    v: {
      description: "verbose: tell the memory's size, and how many rings an interrupt merged",
    },
    S: {
      value: 'SOCKET',
      description: "path of the server's UNIX socket (default /tmp/ivshmem_socket)",
    },
  },
  notes: [
    `Commands, one a line on standard input; 'help' lists them:
  dump, int PEER VECTOR, int PEER all, int all, quit`,
  ],
  examples: [
    ['ivshmem-client', 'talk to it'],
    ["echo 'int 0 all' | ivshmem-client -S /tmp/lab", 'from a script: 1 if a command failed'],
  ],
} as const satisfies FlagCommand;
