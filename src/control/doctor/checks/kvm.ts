// Whether this user's QEMUs may use KVM: without it a lab is emulated, ten times as slow.
import { accessSync, constants } from 'node:fs';
import type { Check, Complaint } from '../finding.js';

export const kvm: Check = {
  name: 'kvm',
  about: 'where this machine has /dev/kvm, this user may open it',
  look: () => lookAt('/dev/kvm'),
};

function lookAt(device: string): Complaint[] {
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
    return [];
  } catch (error) {
    // A machine without it, or a container: nobody has asked for it.
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') return [];
    return [
      {
        severity: 'warning',
        subject: device,
        message: 'this user may not open it: its QEMUs are emulated, or do not start',
        remedy: 'add the user to the group of the device: usermod -aG kvm USER, and log in again',
      },
    ];
  }
}
