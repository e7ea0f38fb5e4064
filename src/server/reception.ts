// Where connections come in: taken off a listener, and told apart.
//
// Rule 1: who asks and does not join is answered before anything else is looked at; see `question.ts`.
import type { SystemError } from '../../native/system-error.js';
import type { RegionDescription } from '../protocol/answer.js';
import { Acceptor } from './acceptor.js';
import type { Door } from './admission-check.js';
import type { Listening } from './listening.js';
import { answerQuestion, type Answerer } from './question.js';
import { kernelRefusal } from './refusal.js';
import type { Region } from './region.js';

/** Who gets the connections, and what questions are answered with. */
export interface Reception {
  readonly region: Region;
  /** The region, given the ID of its next peer. */
  readonly describe: (nextId: number | undefined) => RegionDescription;
  /** The kernel would not accept; it is tried again. */
  readonly onTrouble: (error: SystemError) => void;
}

/** Accepts on a listener, which leads through this door, until closed. */
export function receiveAt({ fd }: Listening, door: Door, reception: Reception): Acceptor {
  const { region, describe, onTrouble } = reception;
  const answerer: Answerer = {
    // Of a region that is about to end nobody is told as if it were there.
    describe: () => (region.isStopping ? undefined : describe(region.membership.nextId)),
    isRefused: (socket) => region.refusesStranger(socket),
  };
  return new Acceptor(fd, {
    onConnection: (socket) => {
      if (!door.isHost || !answerQuestion(socket, answerer)) region.receive(socket, door);
    },
    onStarved: (socket, cause) => {
      if (!door.isHost || !answerQuestion(socket, answerer))
        region.refuse(socket, kernelRefusal(cause));
    },
    onTrouble,
  });
}
