// What operators are told of a server: the shape of it, in JSON and in the program alike.
//
// Rule 1: everything here is plain data: it crosses to other processes.
// Rule 2: what is not known is left out, never a made-up 0.

/** A server as a whole. */
export interface ServerStatus {
  readonly version: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly descriptors: { readonly used: number; readonly limit: number };
  readonly regions: readonly RegionStatus[];
}

/** One region. */
export interface RegionStatus {
  /** Its name; of one by options the name of its socket's file without `.sock`. */
  readonly name: string;
  /** Absolute paths. */
  readonly socket: string;
  readonly hostSocket?: string;
  readonly memory: MemoryStatus;
  readonly vectors: number;
  readonly label?: string;
  /** Peers at a time, without host commands and VMs that have a name. */
  readonly maxPeers: number;
  /** Of 65,536. */
  readonly idsLeft: number;
  /** In the order of their joins. */
  readonly peers: readonly PeerStatus[];
  /** VMs that have a name, there or not. */
  readonly vms: readonly VmStatus[];
}

/** The memory of a region. */
export interface MemoryStatus {
  readonly kind: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/** One peer. */
export interface PeerStatus {
  readonly id: number;
  /** Of the process, as its own PID namespace or ours sees it; 0: it cannot be seen from here. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** The user's name, if the system knows one. */
  readonly user?: string;
  /** What its process is called (`comm`), if it can be seen. */
  readonly process?: string;
  /** Its name, if it is a VM that has one. */
  readonly vm?: string;
  /** Whether it came through the socket for host commands. */
  readonly isHost: boolean;
  /** ISO 8601. */
  readonly joinedAt: string;
  readonly ageSeconds: number;
  /** Messages that it was sent and has not read. */
  readonly unread: number;
  /** Whether there is more to tell it than it can be sent now. */
  readonly isBehind: boolean;
  /** Whether it was sent something a second ago or earlier that it has not read: it is stopped, or stuck. */
  readonly isBlocked: boolean;
  /** Its doorbells, by vector. */
  readonly doorbells: readonly DoorbellStatus[];
}

/** One doorbell. */
export interface DoorbellStatus {
  /** Rings that wait to be taken. More than 2^53 is told as 2^53. */
  readonly waiting: number;
  /** The kernel's number for this eventfd (`eventfd-id`), the same in every process that holds it. */
  readonly eventfdId: number;
}

/** A VM that has a name. */
export interface VmStatus {
  readonly name: string;
  /** Missing before it comes first, unless it was given one. */
  readonly id?: number;
  /** Its own socket, if it has one. */
  readonly socket?: string;
  readonly isPresent: boolean;
}
