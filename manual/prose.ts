// What man pages say and help does not.
//
// Rule 1: only what is not in help: options, arguments and examples come from there.

/** Of one command. */
export interface Prose {
  readonly description?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** What its exit codes mean where that is not what they mean for all. */
  readonly exitStatus?: Readonly<Record<string, string>>;
  /** Besides the pages above and below it: `qemu(1)`. */
  readonly seeAlso?: readonly string[];
}

/** By the name of the command. */
export const proseOf: Readonly<Record<string, Prose>> = {
  ivshmem: {
    description: [
      'A region is one shared memory, the socket that leads to it, and its peers. A peer is one connection to that ' +
        'socket: the ivshmem-doorbell device of a QEMU, or a process of the host. The server hands each peer the ' +
        'memory, and a doorbell for each vector of each other peer. From then on peers interrupt each other without ' +
        'the server, which only tells them who comes and goes.',
    ],
    seeAlso: ['ivshmem-server(1)', 'ivshmem-client(1)', 'ivshmem-config(5)'],
  },
  'ivshmem serve': {
    description: [
      'It stays in the foreground, and prints what a QEMU needs on standard output and its log on standard error.',
      'SIGTERM and SIGINT end it: who is joining is served first, and attached VMs keep their memory and their ' +
        'doorbells. A second signal, a second later or more, is not waited for. SIGHUP has it read the file of ' +
        '--config again; without one it ends it, unless there is a service manager.',
    ],
    environment: {
      NO_COLOR: 'If it is set, and not empty, the log has no colours.',
      NOTIFY_SOCKET:
        'Where a service manager is told when connects succeed, who is there, of reloads and of the end ' +
        '(sd_notify(3)). It needs the package unix-dgram.',
      'WATCHDOG_USEC, WATCHDOG_PID':
        'If the manager is to hear twice in each such period that the event loop turns.',
      'LISTEN_FDS, LISTEN_FDNAMES, LISTEN_PID':
        'Sockets that were open before it (sd_listen_fds(3)): one at a path of the configuration is that one, ' +
        'others go by their names, `REGION`, `REGION.host`, `REGION.VM` and `control`.',
    },
    files: {
      '/etc/ivshmem.yaml': 'The configuration of ivshmem.service.',
      '/etc/ivshmem/NAME.yaml': 'That of ivshmem@NAME.service.',
      '/run/ivshmem': 'The sockets of these, control.sock or NAME.control.sock among them.',
      '/run/ivshmem-sockets':
        'Sockets that systemd opens for them: ivshmem-region@REGION.socket and ivshmem@NAME.socket.',
    },
    seeAlso: ['ivshmem-qemu-args(1)', 'ivshmem-reload(1)', 'ivshmem-config(5)'],
  },
  'ivshmem peer': {
    description: [
      'Host commands share at most 16 peer IDs, which are announced to the VMs once: a command that comes and goes ' +
        'does not use up an ID.',
    ],
  },
  'ivshmem status': {
    description: [
      'For each peer: its process and user, its VM if that has a name, how long it has been there, how many messages ' +
        'of the server it has not read, and for each vector how many rings it was sent and has not taken. They are ' +
        'read from the kernel, and stay where they are. A peer is blocked when it had a second to read and has not: ' +
        'its VM is stopped, or hangs.',
    ],
    seeAlso: ['ivshmem-top(1)', 'ivshmem-events(1)', 'ivshmem-doctor(1)'],
  },
  'ivshmem events': {
    description: [
      'Joins, leaves, refusals and warnings, as in the log of the server. It keeps the last 1,000. Who follows and does ' +
        'not read as fast as they come is told how many it has missed.',
    ],
    seeAlso: ['ivshmem-status(1)', 'ivshmem-serve(1)'],
  },
  'ivshmem evict': {
    description: [
      'The others are told that the peer left. It keeps its memory and its doorbells, and can go on ringing those that ' +
        'it knows: what makes it stop is the end of its process. Its peer ID is not given again as long as the server ' +
        'runs.',
    ],
    seeAlso: ['ivshmem-status(1)'],
  },
  'ivshmem top': {
    description: [
      'Peers that are stuck come first, then those that have not taken rings, each with a sign and a word for who sees no ' +
        'colours. It goes on when the server ends, and finds the next one. It needs a terminal: for scripts there is ' +
        'ivshmem-status(1).',
    ],
    environment: { NO_COLOR: 'If it is set, and not empty, there are no colours.' },
    seeAlso: ['ivshmem-status(1)', 'ivshmem-doctor(1)'],
  },
  'ivshmem qemu-args': { seeAlso: ['ivshmem-serve(1)'] },
  'ivshmem reload': {
    description: [
      'Regions come, go and change while VMs are attached. What cannot change while they are is said, and stays as it was; ' +
        'all the rest is done. A file with a mistake changes nothing.',
    ],
    seeAlso: ['ivshmem-serve(1)', 'ivshmem-config(5)'],
  },
  'ivshmem doctor': {
    description: [
      'It looks at descriptor limits, vectors, command lines of QEMUs, huge pages, room for memory, stale sockets, ' +
        'permissions, and whether each process has the doorbells that it was told of. Each finding has its remedy.',
    ],
    exitStatus: {
      0: 'No error was found; warnings perhaps.',
      1: 'At least one error was found, or it could not look at all: standard error has the reason then.',
    },
    environment: { NO_COLOR: 'If it is set, and not empty, there are no colours.' },
    seeAlso: ['ivshmem-status(1)', 'ivshmem-serve(1)'],
  },
  'ivshmem config': { seeAlso: ['ivshmem-config(5)'] },
  'ivshmem config check': {
    description: [
      'All that is wrong goes to standard error, with line and column. What only a start can tell (room for the ' +
        'memory, directories, who else serves there) is not looked at.',
    ],
    seeAlso: ['ivshmem-config(5)'],
  },
  'ivshmem-server': {
    description: [
      'SIGTERM and SIGINT end it: it removes its socket, its pid file and the name of its memory, and attached VMs ' +
        'keep their memory and their doorbells.',
    ],
    files: {
      '/tmp/ivshmem_socket': 'The socket, unless -S names another.',
      '/var/run/ivshmem-server.pid': 'The pid file of a daemon, unless -p names another.',
      '/dev/shm/ivshmem': 'The memory, unless -M or -m says where it is.',
    },
    seeAlso: ['ivshmem-serve(1)', 'ivshmem-client(1)'],
  },
  'ivshmem-client': {
    files: { '/tmp/ivshmem_socket': 'The socket, unless -S names another.' },
    seeAlso: ['ivshmem-server(1)', 'ivshmem-peer(1)'],
  },
};

/** Of commands that look for a socket where nobody says where it is. */
export const ofDefaultSocket = {
  files: {
    '/run/ivshmem.sock': 'The socket, for root.',
    '$XDG_RUNTIME_DIR/ivshmem.sock':
      'The socket, for others. Without the variable it is `/run/user/UID/ivshmem.sock`, or where there is no such ' +
      'directory `ivshmem-UID.sock` in the one for temporary files.',
    '*.sock.host': 'Beside each socket the one for host commands.',
  },
  environment: {
    XDG_RUNTIME_DIR: 'Where the socket of an ordinary user is.',
    TMPDIR: 'The directory for temporary files, instead of /tmp.',
  },
} as const satisfies Prose;

/** Exit codes, the same for all but those that say otherwise. */
export const exitStatus = {
  0: 'It is done, or was asked to stop.',
  1: 'The system failed, or does not allow it as it is: standard error has the reason, and what to do.',
  2: 'It was called wrongly, or the configuration file is wrong; for a server: or that file or a package is missing.',
} as const;
