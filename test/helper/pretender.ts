// Somebody who answers for a region of his own, and says of its memory what a test says.
import { LockFile } from '../../src/server/lock-file.js';
import { answering } from './answering.js';
import { temp, type Scope } from './temp.js';

/** What he tells. */
export interface PretendedMemory {
  readonly path?: string;
  readonly device?: string;
  readonly inode?: string;
}

/** Resolves with the path of the socket of the VMs, where nothing is, when he listens beside it. */
export async function pretender(t: Scope, pretended: PretendedMemory): Promise<string> {
  const socket = `${temp(t)}/s`;
  const memory = { kind: 'file', sizeBytes: 4096, path: '/m', device: '1', inode: '1' };
  const answer = { pid: 1, socket, vectors: 1, memory: { ...memory, ...pretended }, nextId: 1 };
  // As a server: nobody else is asked.
  const lock = LockFile.acquire(`${socket}.host`) as LockFile;
  t.teardown(() => lock.close());
  await answering(t, `${socket}.host`, (asker) => asker.end(`${JSON.stringify(answer)}\n`));
  return socket;
}
