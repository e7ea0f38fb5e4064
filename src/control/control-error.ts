// What the control socket can fail with, one stable code each; failures of the server keep their own.

/** The codes of ControlError. */
export type ControlErrorCode =
  | 'ERR_IVSHMEM_NO_SUCH_REGION'
  /** There is nothing to read again. */
  | 'ERR_IVSHMEM_NO_CONFIG'
  /** What was read is wrong: the message has a line that nothing was changed, and one for each mistake. */
  | 'ERR_IVSHMEM_CONFIG'
  /** The server's thread does not answer. */
  | 'ERR_IVSHMEM_NO_ANSWER'
  /** What was asked is nothing that can be asked, or not so: 4xx. */
  | 'ERR_IVSHMEM_REQUEST'
  /** Too many ask at once: 503. */
  | 'ERR_IVSHMEM_BUSY'
  /** What is there, or answers, is no control socket of ivshmem. */
  | 'ERR_IVSHMEM_NOT_CONTROL'
  /** Another user has the socket, who may tell us anything. */
  | 'ERR_IVSHMEM_STRANGER'
  /** Nobody said which of several servers. */
  | 'ERR_IVSHMEM_SEVERAL';

/** The control socket says no. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: string;

  constructor(code: ControlErrorCode | (string & {}), message: string) {
    super(message);
    this.code = code;
  }
}
