// A chardev that is to connect again: QEMU spins on it from its start, whatever the server does.
import type { Check } from '../finding.js';

export const reconnect: Check = {
  name: 'reconnect',
  about: 'no QEMU has reconnect= on the chardev of its device',
  scope: ({ qemus }) => ({ count: qemus.length, of: ['QEMU', 'QEMUs'] }),
  look: ({ qemus }) =>
    qemus
      .filter(({ devices }) => devices.some(({ reconnects }) => reconnects))
      .map(({ subject }) => ({
        severity: 'error',
        subject,
        message: 'the chardev of its device has reconnect=, on which QEMU spins',
        remedy: 'start it again without reconnect= (ivshmem qemu-args prints what it needs)',
      })),
};
