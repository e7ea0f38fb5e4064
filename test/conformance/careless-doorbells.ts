// The doorbells of a new peer of the careless server, and what becomes of both where descriptors run out.
import { createEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';
import { MessageBatch, MessageRows } from '../../native/message-batch.js';
import { is } from './defect.js';

const FD_SETSIZE = 1024;
const EMFILE = 24;
const refusal = new MessageBatch(1);
refusal.addNumber(-EMFILE);

/** So many for this one; undefined when the peer was refused, and its socket closed. */
export function createDoorbells(
  socket: Fd,
  { id, vectors }: { readonly id: number; readonly vectors: number },
): MessageRows | undefined {
  const fds: Fd[] = [];
  try {
    while (fds.length < vectors) fds.push(createEventfd());
  } catch {
    if (is('exit-on-emfile')) process.exit(0);
    if (!is('closing-on-emfile')) refusal.send(socket);
    for (const fd of [socket, ...fds]) fd.close();
    return undefined;
  }
  if (is('fd-setsize') && fds.some(({ rawFd }) => rawFd >= FD_SETSIZE)) process.abort();
  return new MessageRows(fds.map((fd) => ({ number: id, fd })));
}
