// A program: connects to a server, reads so many bytes, says so, and waits to be killed.
import { MessageReceiver } from '../../native/message-receiver.js';
import { connectSocket } from '../../native/unix-socket.js';
import { until } from './until.js';

const [path = '', bytes = ''] = process.argv.slice(2);
const receiver = new MessageReceiver();
const socket = await until('room in the backlog', () => connectSocket(path));
for (let left = Number(bytes); left > 0;) {
  // Never beyond a message: its descriptor comes with its first byte.
  const wanted = left % 8 || 8;
  const received = await until('bytes', () => receiver.receive(socket, wanted));
  if (received.bytes.length === 0) throw new Error('the server ended');
  left -= received.bytes.length;
}
process.stdout.write('ready\n');
setInterval(() => socket.isOpen, 60_000);
