// The front of the house: what programs import from 'ivshmem'.
export { SystemError } from '../native/system-error.js';
export { Server, type CloseOptions } from './server/server.js';
export type {
  RefusedPeer,
  RegionPeer,
  ServerEvents,
  ServerWarning,
} from './server/server-events.js';
export { OptionsError, ServerError, type ServerErrorCode } from './server/error.js';
export type { LeaveReason } from './server/connection.js';
export type { HugePageBytes, ServerOptions } from './server/options.js';
export { refusalErrno, type Refusal, type RefusalReason } from './server/refusal.js';
export { formatSize, parseSize } from './server/size.js';
export { doorbellArguments, plainArguments } from './qemu/device-options.js';
