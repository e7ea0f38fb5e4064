// What can be wrong with what a server sends, one stable code each. Callers look at `code`.

/** The codes of ProtocolError. */
export type ProtocolErrorCode =
  /** The server refused us: a negative version. `refusal` is its errno, negative: −13 for EACCES. */
  | 'ERR_IVSHMEM_REFUSED'
  /** A version we do not speak. */
  | 'ERR_IVSHMEM_VERSION'
  /** Our ID is out of range or came with a descriptor. */
  | 'ERR_IVSHMEM_ID'
  /** The third message is not −1 with a descriptor. */
  | 'ERR_IVSHMEM_MEMORY'
  /** A peer ID out of range, or more vectors than there can be. */
  | 'ERR_IVSHMEM_JOIN'
  /** The departure of a peer that is not there. */
  | 'ERR_IVSHMEM_LEAVE'
  /** What answers a question to the server is no answer. */
  | 'ERR_IVSHMEM_ANSWER';

/** The server broke the protocol, or refused us. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
  readonly code: ProtocolErrorCode;
  /** For ERR_IVSHMEM_REFUSED: the errno the server gave as the reason, negative. */
  readonly refusal?: number;

  constructor(code: ProtocolErrorCode, message: string, refusal?: number) {
    super(message);
    this.code = code;
    if (refusal !== undefined) this.refusal = refusal;
  }
}
