// A program: connects to a server, once for each number of bytes that it is given, reads so many, says
// so, and waits to be killed.
import type { Fd } from '../../native/fd.js';
import { MessageReceiver } from '../../native/message-receiver.js';
import { connectSocket } from '../../native/unix-socket.js';
import { until } from './until.js';

const [path = '', ...counts] = process.argv.slice(2);
const receiver = new MessageReceiver();
const sockets: Fd[] = [];
for (const bytes of counts) sockets.push(await join(Number(bytes)));
process.stdout.write('ready\n');
setInterval(() => sockets.length, 60_000);

async function join(bytes: number): Promise<Fd> {
  const socket = await until('room in the backlog', () => connectSocket(path));
  for (let left = bytes; left > 0;) {
    // Never beyond a message: its descriptor comes with its first byte.
    const wanted = left % 8 || 8;
    const received = await until('bytes', () => receiver.receive(socket, wanted));
    if (received.bytes.length === 0) throw new Error('the server ended');
    left -= received.bytes.length;
  }
  return socket;
}
