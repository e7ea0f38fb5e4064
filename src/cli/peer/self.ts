// A peer's command that stays: what others type to reach it, and how it ends.
import path from 'node:path';
import type { Peer } from '../../peer/peer.js';
import { shellWords } from '../../qemu/device-options.js';
import { CommandError } from '../exit.js';

const LAST_WORDS_MS = 500;

/** A command of `ivshmem peer` that is about this peer, to be pasted into a shell. */
export function ownCommand(peer: Peer, socket: string, name: string, ...more: string[]): string {
  const words = ['ivshmem', 'peer', name, String(peer.id), ...more];
  return shellWords([...words, '--socket', path.resolve(socket)]);
}

/**
 * Resolves at SIGTERM or SIGINT; further ones change nothing (one Ctrl-C under npm comes as two). A
 * reader who does not take what was printed delays the end for half a second.
 */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        setTimeout(() => process.exit(), LAST_WORDS_MS).unref();
        resolve();
      });
    }
  });
}

/** Rejects when the server goes: from then on nobody is told who is there. */
export function serverEnd(peer: Peer): Promise<never> {
  return new Promise((_, reject) => {
    peer.once('disconnect', (cause) => {
      const why = cause === undefined ? 'the server has gone' : `the server: ${cause.message}`;
      reject(new CommandError(`${why}; start it, then this command, again`, { cause }));
    });
  });
}
