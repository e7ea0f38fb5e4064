// QEMUs that have another number of vectors than their region.
//
// Rule 1: more is an error: under KVM QEMU aborts when its guest uses one of those. Fewer is a choice that
//         is easily made by mistake: rings on the others do not arrive.
// Rule 2: a peer whose command line does not tell the number is not passed over in silence.
import type { IvshmemDevice } from '../../../qemu/ivshmem-devices.js';
import { shown, type Check, type Complaint } from '../finding.js';
import { isSocketAt, pathSeenBy, regionOf } from '../leads-to.js';
import type { QemuProcess } from '../qemu-process.js';
import type { Region } from '../regions.js';
import type { Scene } from '../scene.js';

export const vectors: Check = {
  name: 'vectors',
  about: 'each QEMU has as many vectors as its region',
  scope: (scene) => ({
    count: scene.qemus.flatMap((qemu) => comparable(qemu, scene)).length,
    of: ['device of a known region', 'devices of known regions'],
  }),
  look: (scene) => scene.qemus.flatMap((qemu) => [...lookAt(qemu, scene), ...untold(qemu, scene)]),
};

interface Comparable {
  readonly its: number;
  readonly region: Region;
}

function comparable(qemu: QemuProcess, { regions }: Scene): Comparable[] {
  return qemu.devices.flatMap((device) => {
    const region = regionOf(qemu, device, regions);
    const { vectors: its } = device;
    return region === undefined || its === undefined ? [] : [{ its, region }];
  });
}

function lookAt(qemu: QemuProcess, scene: Scene): Complaint[] {
  return comparable(qemu, scene).flatMap(({ its, region }): Complaint[] => {
    if (its === region.vectors) return [];
    const has = `it has vectors=${its}, its region ${region.vectors}`;
    const remedy = `start it again with vectors=${region.vectors}`;
    const { subject } = qemu;
    if (its > region.vectors) {
      const message = `${has}: under KVM it aborts when its guest uses the missing ones`;
      return [{ severity: 'error', subject, message, remedy }];
    }
    const message = `${has}: what is rung on vectors ${its} and up does not arrive`;
    return [{ severity: 'warning', subject, message, remedy }];
  });
}

// A device that was added later (device_add), or has its options in a file.
function untold(qemu: QemuProcess, { regions }: Scene): Complaint[] {
  const { pid, subject, devices } = qemu;
  const told = devices.filter(({ vectors: its }) => its !== undefined);
  return regions.flatMap((region): Complaint[] => {
    const places = region.peers?.filter((peer) => peer.pid === pid).length ?? 0;
    if (places === 0) return [];
    const its = told.filter((device) => regionOf(qemu, device, [region]) !== undefined);
    if (places <= its.length || told.some((device) => isLost(qemu, device))) return [];
    const message = `it is a peer in ${shown(region.name)}, and its command line shows no device there whose vectors are known: they are not compared`;
    const remedy = `see that its device has vectors=${region.vectors} (info qtree in its monitor)`;
    return [{ severity: 'note', subject, message, remedy }];
  });
}

// It may be the one that is missed: its path leads nowhere now, of which lost-sockets tells.
function isLost({ pid }: QemuProcess, { socket }: IvshmemDevice): boolean {
  return socket !== undefined && isSocketAt(pathSeenBy(pid, socket)) === false;
}
