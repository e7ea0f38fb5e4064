// Between a client and a control socket: counts what is asked.
//
// Rule 1: every byte goes through as it is: who answers is the server.
import { connect, createServer } from 'node:net';
import { temp, type Scope } from './temp.js';

/** A socket that leads to another. */
export class CountingProxy {
  readonly path: string;
  #asked = '';

  private constructor(t: Scope, target: string) {
    this.path = `${temp(t)}/proxy`;
    const server = createServer((socket) => {
      const onward = connect(target);
      socket.on('data', (chunk: Buffer) => (this.#asked += chunk.toString('latin1')));
      socket.pipe(onward).pipe(socket);
      for (const one of [socket, onward]) {
        one.on('error', () => undefined);
        one.on('close', () => {
          socket.destroy();
          onward.destroy();
        });
        t.teardown(() => one.destroy());
      }
    });
    server.listen(this.path);
    t.teardown(() => server.close());
  }

  /** Listens for connections to `target`. */
  static listen(t: Scope, target: string): Promise<CountingProxy> {
    return Promise.resolve(new CountingProxy(t, target));
  }

  /** How often a path was asked for until now. */
  count(path: string): number {
    return this.#asked.split(`GET ${path} `).length - 1;
  }
}
