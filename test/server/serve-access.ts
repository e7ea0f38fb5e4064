// A server of its own process, whom a test puts into a namespace: argv is its options as JSON. It tells
// one line when it is ready, one for each join and one for each refusal.
import { Server, type ServerOptions } from '../../src/index.js';

const server = await Server.listen(JSON.parse(process.argv[2] ?? '') as ServerOptions);
server.on('join', ({ pid, uid }) => console.log(`join pid ${pid} uid ${uid}`));
server.on('refuse', ({ reason, message, credentials }) => {
  console.log(`refuse pid ${credentials?.pid} uid ${credentials?.uid} ${reason}: ${message}`);
});
process.stdin.resume().once('end', () => void server.close());
console.log('ready');
