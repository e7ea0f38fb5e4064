// Who may have the memory. The example server has no flag for modes: the umask is what there is.
import { existsSync, statSync } from 'node:fs';
import { must, type Check } from '../check.js';

const READ_OR_WRITE = 0o6;
const WRITE = 0o2;

export const access: Check = {
  name: 'access',
  what: 'umask 022 and 077: who may not connect has no other way to the memory',
  async run(subject) {
    for (const umask of ['022', '077']) {
      const server = await subject.start([], { umask });
      const socket = statSync(subject.socket).mode;
      const memory = existsSync(subject.shmPath) ? statSync(subject.shmPath).mode : 0;
      for (const [who, shift] of Object.entries({ group: 3, others: 0 })) {
        const mayConnect = ((socket >> shift) & WRITE) !== 0;
        const mayOpen = ((memory >> shift) & READ_OR_WRITE) !== 0;
        const modes = `socket ${octal(socket)}, memory ${octal(memory)}`;
        must(mayConnect || !mayOpen, `umask ${umask}: the memory is open to ${who}: ${modes}`);
        must(umask !== '077' || !mayConnect, `umask 077: ${who} may connect: ${modes}`);
      }
      await subject.stop(server, 'SIGTERM');
    }
  },
};

function octal(mode: number): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}
