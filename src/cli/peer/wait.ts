// `ivshmem peer wait`: until one interrupt, or until the time is over.
//
// Rule 1: the end of the server is told, and not the end: who knows this peer can ring it all the same.
//         To fail then would make an upgrade of the server lose an interrupt that was to come.
import { CommandError } from '../exit.js';
import { print, printJson } from '../print.js';
import { text } from '../text-option.js';
import { checkVector, seconds, vectorNumber } from './arguments.js';
import { jsonFlag, peerCommand, required } from './command.js';
import { ownCommand } from './self.js';

export const waitCommand = peerCommand({
  command: 'wait <VECTOR>',
  describe: 'Wait for one interrupt: exit code 0 when rung, 1 when not',
  positionals: { VECTOR: required('The own vector to be rung') },
  flags: { timeout: text('How long to wait, in seconds', 'for ever'), ...jsonFlag },
  examples: [
    ['wait 0', 'Until vector 0 is rung'],
    ['wait 1 --timeout 0.5', 'Half a second at most'],
  ],
  read: ({ VECTOR, timeout, json }) => {
    const vector = vectorNumber('VECTOR', VECTOR);
    const timeoutMs = timeout === undefined ? undefined : seconds('timeout', timeout);
    return async (peer, socket) => {
      checkVector(peer, peer.id, 'VECTOR', vector);
      console.error(`waiting; to ring: ${ownCommand(peer, socket, 'ring', String(vector))}`);
      peer.once('disconnect', () => {
        console.error(
          'the server has gone; who is there now can still ring, who joins later cannot',
        );
      });
      const interrupt = await peer.nextInterrupt({ vector, timeoutMs });
      if (interrupt === undefined) {
        throw new CommandError(`vector ${vector} was not rung within ${timeout ?? ''} s`);
      }
      if (json) await printJson(interrupt);
      else await print(`interrupt on vector ${vector}, count ${interrupt.count}\n`);
    };
  },
});
