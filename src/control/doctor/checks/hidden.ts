// What could not be looked at, said plainly: a doctor that saw half of the lab has not found it healthy.
import type { Check } from '../finding.js';

export const hidden: Check = {
  name: 'hidden',
  about: 'every QEMU with an ivshmem device may be looked at',
  look: ({ qemus, seesAllProcesses }) => {
    const closed = qemus.filter(({ isOpen }) => !isOpen).length;
    return [
      ...(closed === 0
        ? []
        : [
            {
              severity: 'note',
              subject: closed === 1 ? '1 QEMU' : `${closed} QEMUs`,
              message: 'of other users: what they have open cannot be looked at',
              remedy: `run this as root to look at ${closed} more`,
            } as const,
          ]),
      ...(seesAllProcesses
        ? []
        : [
            {
              severity: 'note',
              subject: 'this container',
              message: 'what runs outside of it cannot be seen',
              remedy: 'run this on the host',
            } as const,
          ]),
    ];
  },
};
