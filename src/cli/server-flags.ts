// What `ivshmem-server` takes: the flags of the example server in QEMU's tree.
import type { FlagCommand } from './flag-command.js';

/** For `getopt`, for -h and for the man page. */
export const serverFlags = {
  name: 'ivshmem-server',
  summary: "Serves one region on one socket, with the flags of QEMU's example server",
  flags: {
    h: { description: 'show this help' },
    v: { description: 'verbose: log joins and leaves too (only with -F)' },
    F: { description: 'stay in the foreground (default: become a daemon)' },
    p: {
      value: 'FILE',
      description: 'pid file of the daemon (default /var/run/ivshmem-server.pid)',
    },
    S: { value: 'SOCKET', description: 'path of the UNIX socket (default /tmp/ivshmem_socket)' },
    M: {
      value: 'NAME',
      description: 'the memory is this POSIX shared memory object (default ivshmem)',
    },
    m: {
      value: 'DIRECTORY',
      description: 'the memory is an unnamed file in this directory, e.g. on hugetlbfs',
    },
    l: {
      value: 'SIZE',
      description: 'size of the memory, with K, M or G; rounded up to a power of two (default 4M)',
    },
    n: { value: 'VECTORS', description: 'MSI-X vectors of each peer, 1–2048 (default 1)' },
  },
  notes: [
    'Of -M and -m the last one counts.',
    'For more, and logs of a server without a terminal: ivshmem serve --help',
  ],
  examples: [
    ['ivshmem-server', '4M in /dev/shm/ivshmem, as a daemon'],
    ['ivshmem-server -F -v -S /tmp/lab -l 64M -n 4', 'all that happens, on the terminal'],
  ],
} as const satisfies FlagCommand;
