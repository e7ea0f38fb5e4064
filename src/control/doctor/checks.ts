// All checks, in the order in which they are told: the machine, its QEMUs, the lab.
import { descriptors } from './checks/descriptors.js';
import { doorbells } from './checks/doorbells.js';
import { hidden } from './checks/hidden.js';
import { hugePages } from './checks/huge-pages.js';
import { kvm } from './checks/kvm.js';
import { leftBehind } from './checks/left-behind.js';
import { lostSockets } from './checks/lost-sockets.js';
import { permissions } from './checks/permissions.js';
import { qemuDevice } from './checks/qemu-device.js';
import { reconnect } from './checks/reconnect.js';
import { room } from './checks/room.js';
import { staleFiles } from './checks/stale-files.js';
import { vectors } from './checks/vectors.js';
import type { Check } from './finding.js';

export const checks: readonly Check[] = [
  qemuDevice,
  kvm,
  hugePages,
  room,
  staleFiles,
  lostSockets,
  descriptors,
  permissions,
  reconnect,
  vectors,
  leftBehind,
  doorbells,
  hidden,
];
