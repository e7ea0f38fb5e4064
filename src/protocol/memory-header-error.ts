// What can be wrong with the header of a memory, one stable code each. Callers look at `code`.

/** The codes of MemoryHeaderError. */
export type MemoryHeaderErrorCode =
  /** The memory does not begin with the magic: no header, or one that was written over. */
  | 'ERR_IVSHMEM_HEADER_MAGIC'
  /** The mark is not the one of little-endian: another byte order, or damage. */
  | 'ERR_IVSHMEM_HEADER_BYTE_ORDER'
  /** A version that we do not know. */
  | 'ERR_IVSHMEM_HEADER_VERSION'
  /** A header that is too short or longer than the memory, or of a memory of another size. */
  | 'ERR_IVSHMEM_HEADER_SIZE'
  /** A number of vectors that no region has. */
  | 'ERR_IVSHMEM_HEADER_VECTORS'
  /** A label that is none: empty, too long, not UTF-8, or with what cannot be printed. */
  | 'ERR_IVSHMEM_HEADER_LABEL';

/** There is no header where one should be, or it cannot be true. */
export class MemoryHeaderError extends Error {
  override readonly name = 'MemoryHeaderError';
  readonly code: MemoryHeaderErrorCode;

  constructor(code: MemoryHeaderErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
