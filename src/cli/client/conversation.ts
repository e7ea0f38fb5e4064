// A conversation about a region: what is typed is done by a peer, and what happens to it is told.
//
// Rule 1: one line after the other, each done and answered before the next is read.
// Rule 2: interrupts are taken only as fast as their lines are; what waits is merged by the kernel,
//         and nothing is lost.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isSystemError } from '../../../native/system-error.js';
import type { Interrupt } from '../../peer/inbox.js';
import { PeerError } from '../../peer/peer-error.js';
import type { Peer } from '../../peer/peer.js';
import { formatSize } from '../../server/size.js';
import { commandHelp, parseCommand, type ClientCommand } from './command.js';
import { otherIds, othersOf, ringDoorbells } from './ring.js';
import { CommandError } from '../exit.js';
import { allVectors, firstVectors } from '../ranges.js';
import type { Screen } from './screen.js';

/** How to talk. */
export interface ConversationOptions {
  /** What the peer is connected to. */
  readonly socket: string;
  readonly isVerbose: boolean;
}

/** One peer, and somebody who talks to it. */
export class ClientConversation {
  readonly #peer: Peer;
  readonly #screen: Screen;
  readonly #options: ConversationOptions;
  #failures = 0;

  constructor(peer: Peer, screen: Screen, options: ConversationOptions) {
    this.#peer = peer;
    this.#screen = screen;
    this.#options = options;
  }

  /** How many commands failed until now. */
  get failures(): number {
    return this.#failures;
  }

  /** Until `quit` or the end of input, when all that was asked is done and told. */
  async run(): Promise<void> {
    this.#greet();
    this.#tellNews();
    void this.#tellInterrupts();
    for await (const line of this.#screen.lines) {
      if (!(await this.#obey(line))) break;
    }
    await this.#tellWaiting();
    await this.#screen.taken();
  }

  #greet(): void {
    const { id, vectors, memorySize } = this.#peer;
    const { socket, isVerbose } = this.#options;
    if (isVerbose) this.#screen.say(`connected to ${socket}; memory ${formatSize(memorySize)}`);
    this.#screen.say(`joined as peer ${id}, ${allVectors(vectors)}; ${othersOf(this.#peer)}`);
    if (this.#screen.isTerminal) this.#screen.say('help lists the commands');
  }

  #tellNews(): void {
    const say = (line: string): void => this.#screen.say(line);
    this.#peer
      .on('join', ({ id, vectors }) => say(`peer ${id} joined, ${allVectors(vectors)}`))
      .on('leave', ({ id }) => say(`peer ${id} left`))
      .on('disconnect', (error) => {
        say(error ? `the server is lost: ${error.message}` : 'the server is gone');
        say('joins and leaves are not told any more; memory and doorbells go on working');
      });
  }

  async #tellInterrupts(): Promise<void> {
    for await (const interrupt of this.#peer.interrupts()) {
      this.#tellInterrupt(interrupt);
      await this.#screen.taken();
    }
  }

  // What was rung before the end of input, by ourselves for instance.
  async #tellWaiting(): Promise<void> {
    const waiting = firstVectors(this.#peer.vectors).map((vector) =>
      this.#peer.nextInterrupt({ vector, timeoutMs: 0 }),
    );
    for (const interrupt of await Promise.all(waiting)) {
      if (interrupt) this.#tellInterrupt(interrupt);
    }
  }

  #tellInterrupt({ vector, count }: Interrupt): void {
    const merged = this.#options.isVerbose
      ? `, rung ${count === 1 ? 'once' : `${count} times`}`
      : '';
    this.#screen.say(`interrupt on vector ${vector}${merged}`);
  }

  // Whether the conversation goes on.
  async #obey(line: string): Promise<boolean> {
    try {
      const command = parseCommand(line);
      if (command?.name === 'end') return false;
      if (command) await this.#act(command);
    } catch (error) {
      if (!isFailure(error)) throw error;
      this.#failures += 1;
      // What was done all the same comes first.
      await this.#screen.taken();
      this.#screen.complain(error.message);
    }
    await this.#screen.taken();
    // Many lines may have come at once; what they bring about is told between them.
    await nextTurn();
    return true;
  }

  async #act(command: ClientCommand): Promise<void> {
    const say = (line: string): void => this.#screen.say(line);
    if (command.name === 'help') commandHelp.forEach(say);
    else if (command.name === 'dump') await this.#dump(say);
    else if (command.name === 'ring') ringDoorbells(this.#peer, command, say);
  }

  async #dump(say: (line: string) => void): Promise<void> {
    const { id, vectors, peers, memorySize, isConnected } = this.#peer;
    say(`own ID ${id}, ${allVectors(vectors)}`);
    say(`memory ${memorySize} bytes (${formatSize(memorySize)})`);
    for (const other of otherIds(this.#peer)) {
      say(`peer ${other}, ${allVectors(peers.get(other) ?? 0)}`);
      await this.#screen.taken();
    }
    if (!isConnected) say('the server is gone: who is there may have changed');
  }
}

function isFailure(error: unknown): error is Error {
  return error instanceof CommandError || error instanceof PeerError || isSystemError(error);
}
