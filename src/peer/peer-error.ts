// What can go wrong for a peer besides what the protocol forbids (ProtocolError) and what the kernel
// refuses (SystemError): one stable code each. Callers look at `code`.

/** The codes of PeerError. */
export type PeerErrorCode =
  /** The server did not send its welcome, or did not even accept, in the time given. */
  | 'ERR_IVSHMEM_TIMEOUT'
  /** The server closed before the welcome was complete, or inside a message. */
  | 'ERR_IVSHMEM_HANG_UP'
  /** Where everybody may put sockets, somebody else than root or we ourselves has put this one. */
  | 'ERR_IVSHMEM_STRANGER'
  /** A descriptor was lost on its way: this process has no room for it, or a message had two. */
  | 'ERR_IVSHMEM_TRUNCATED'
  /** No peer of this ID is there. */
  | 'ERR_IVSHMEM_UNKNOWN_PEER'
  /** The peer has no such vector. */
  | 'ERR_IVSHMEM_UNKNOWN_VECTOR'
  /** The peer was closed: by `close`, or where a handle came from. */
  | 'ERR_IVSHMEM_CLOSED'
  /** Bytes that are not in the memory, or more than one ArrayBuffer can have. */
  | 'ERR_IVSHMEM_RANGE'
  /** A busy wait would block the main thread. */
  | 'ERR_IVSHMEM_MAIN_THREAD'
  /** A peer lives on the main thread; a worker opens its handle. */
  | 'ERR_IVSHMEM_WORKER_THREAD'
  /** An argument that cannot be. */
  | 'ERR_IVSHMEM_ARGUMENT';

/** A peer could not do what it was asked to. */
export class PeerError extends Error {
  override readonly name = 'PeerError';
  readonly code: PeerErrorCode;

  constructor(code: PeerErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The error of using what was closed. */
export function closed(): PeerError {
  return new PeerError('ERR_IVSHMEM_CLOSED', 'the peer is closed');
}
