// The front of the house: what programs import from 'ivshmem'.
export { SystemError } from '../native/system-error.js';
export {
  Server,
  type CloseOptions,
  type RefusedPeer,
  type RegionPeer,
  type ServerEvents,
  type ServerWarning,
} from './server/server.js';
export { OptionsError, ServerError, type ServerErrorCode } from './server/error.js';
export type { LeaveReason } from './server/connection.js';
export type { HugePageBytes, ServerOptions } from './server/options.js';
export { refusalErrno, type Refusal, type RefusalReason } from './server/refusal.js';
export { formatSize, parseSize } from './server/size.js';
export { doorbellArguments, plainArguments } from './qemu/device-options.js';
