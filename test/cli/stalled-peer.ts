// A peer that never reads, like a stopped VM: it holds up a server's end.
import { connectSocket } from '../../native/unix-socket.js';
import type { Fd } from '../../native/fd.js';
import type { Serve } from '../helper/serve.js';
import type { Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

/**
 * Connects and reads nothing; resolves when it has joined. It is owed more than a socket holds where
 * the region has 512 vectors. Closing it lets the server end.
 */
export async function stall(t: Scope, serve: Serve, path: string): Promise<Fd> {
  const joins = serve.logged('join').length;
  const socket = connectSocket(path);
  if (socket === undefined) throw new Error(`no room in the backlog of ${path}`);
  t.teardown(() => {
    socket.close();
  });
  await until('the join', () => serve.logged('join').length > joins);
  return socket;
}
