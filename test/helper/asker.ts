// A question to a server, made by hand: an end with an askers' name, which may do what no asker does.
// Rule 1: nothing here comes from `src`.
import type { Fd } from '../../native/fd.js';
import { MessageReceiver } from '../../native/message-receiver.js';
import { connectSocket } from '../../native/unix-socket.js';
import type { Scope } from './temp.js';
import { until } from './until.js';

const receiver = new MessageReceiver();
let asked = 0;

/** Asks, and reads nothing yet. Throws when the backlog is full. */
export function askBy(t: Scope, path: string): Fd {
  asked += 1;
  const socket = connectSocket(path, `ivshmem-ask/test/${process.pid}/${asked}`);
  if (!socket) throw new Error(`the backlog of ${path} is full`);
  t.teardown(() => socket.close());
  return socket;
}

/** All that is sent until the end; closes the socket then. */
export async function readToEnd(socket: Fd): Promise<string> {
  let text = '';
  await until('the end', () => {
    for (;;) {
      const received = receiver.receive(socket, 32);
      if (received === undefined) return false;
      if (received.fd) throw new Error('a descriptor came');
      if (received.bytes.length === 0) return true;
      text += Buffer.from(received.bytes).toString('latin1');
    }
  });
  socket.close();
  return text;
}
