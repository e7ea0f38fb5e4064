// What a server can fail with, one stable code each. Kernel failures keep their own SystemError.

/** An option that cannot be: called wrongly. `option` is its name in ServerOptions. */
export class OptionsError extends Error {
  override readonly name = 'OptionsError';
  readonly code = 'ERR_IVSHMEM_OPTION';
  readonly option: string;

  constructor(option: string, message: string) {
    super(message);
    this.option = option;
  }
}

/** The codes of ServerError. */
export type ServerErrorCode =
  /** A living server holds the lock of this socket, or some other program serves on it. */
  | 'ERR_IVSHMEM_SOCKET_IN_USE'
  /** Something that is no socket stands at the socket's path. */
  | 'ERR_IVSHMEM_NOT_A_SOCKET'
  /** A living server holds the lock of this memory. */
  | 'ERR_IVSHMEM_MEMORY_IN_USE'
  /** The memory that is there has another size; it is neither resized nor emptied. */
  | 'ERR_IVSHMEM_MEMORY_SIZE'
  /** The memory that is there is a stranger's, in a directory where everybody may make files. */
  | 'ERR_IVSHMEM_MEMORY_OWNER'
  /** The memory that is there has no label, another one, or a damaged one; nothing is written into it. */
  | 'ERR_IVSHMEM_MEMORY_LABEL'
  /** What is at the memory's path is no regular file, at the pid file's no pid file, at a configuration's no file. */
  | 'ERR_IVSHMEM_NOT_A_FILE'
  /** No peer has that ID. */
  | 'ERR_IVSHMEM_NO_SUCH_PEER'
  /** A VM whose ID is given cannot be evicted. */
  | 'ERR_IVSHMEM_FIXED_ID'
  /** A peer that has not read what it was sent is not evicted. */
  | 'ERR_IVSHMEM_UNREAD'
  /** There is not enough room for the memory. */
  | 'ERR_IVSHMEM_NO_ROOM';

/** The system does not allow it as it is; the message says what to do. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly code: ServerErrorCode;
  /** The file or socket it is about. */
  readonly path: string;

  constructor(code: ServerErrorCode, path: string, message: string) {
    super(message);
    this.code = code;
    this.path = path;
  }
}
