// A region of your own: serves one, and says who comes and goes until Ctrl-C.
//   node dist/examples/server.js /tmp/example.sock
import { doorbellArguments, Server } from 'ivshmem';

const [socket = '/tmp/example.sock'] = process.argv.slice(2);
await using server = await Server.listen({ socket, size: 4 * 1024 ** 2, vectors: 2 });

server.on('join', ({ id, pid }) => console.log(`peer ${id} joined: process ${pid}`));
server.on('leave', ({ id }, reason) => console.log(`peer ${id} left: ${reason}`));
server.on('refuse', ({ message, remedy }) => console.log(`refused: ${message}; ${remedy}`));

console.log('QEMU options:', doorbellArguments(server).join(' '));
await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
