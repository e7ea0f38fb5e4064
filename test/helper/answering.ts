// Something that listens at a path, and answers its own way.
import { createServer, type Socket } from 'node:net';
import type { Scope } from './temp.js';

/** Resolves when it listens, which it does until the test ends. */
export async function answering(
  t: Scope,
  path: string,
  answer: (socket: Socket) => void,
): Promise<void> {
  const server = createServer(answer);
  const open = new Set<Socket>();
  server.on('connection', (socket) => open.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
}
