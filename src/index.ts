// The front of the house: what programs import from 'ivshmem'.
export { SystemError } from '../native/system-error.js';
export type { MappedRange, Mapping } from '../native/mapping.js';
export {
  Peer,
  type ConnectOptions,
  type InterruptOptions,
  type NextInterruptOptions,
  type PeerEvents,
} from './peer/peer.js';
export type { Interrupt } from './peer/inbox.js';
export { PeerError, type PeerErrorCode } from './peer/peer-error.js';
export type { PeerHandle } from './peer/peer-handle.js';
export { WorkerPeer, type SpinOptions } from './peer/worker-peer.js';
export {
  decodeMemoryHeader,
  encodeMemoryHeader,
  type MemoryHeader,
} from './protocol/memory-header.js';
export { MemoryHeaderError, type MemoryHeaderErrorCode } from './protocol/memory-header-error.js';
export { ProtocolError, type ProtocolErrorCode } from './protocol/protocol-error.js';
export type { CloseOptions } from './server/ending.js';
export { Server, type PreparedServer } from './server/server.js';
export type { Counters } from './server/counters.js';
export type { PeerInspection } from './server/inspection.js';
export type {
  RefusedPeer,
  RegionPeer,
  RegionVm,
  ServerEvents,
  ServerWarning,
} from './server/server-events.js';
export { OptionsError, ServerError, type ServerErrorCode } from './server/error.js';
export type { LeaveReason } from './server/connection.js';
export type { AccessRule, HugePageBytes, ServerOptions, VmOptions } from './server/options.js';
export { refusalErrno, type RefusalReason } from './protocol/refusal-reason.js';
export type { Refusal } from './server/refusal.js';
export { formatSize, parseSize } from './server/size.js';
export { doorbellArguments, plainArguments } from './qemu/device-options.js';
