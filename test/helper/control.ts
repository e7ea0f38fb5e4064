// A server with a control socket, and requests to it as anybody may send them.
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { ControlClient } from '../../src/control/client.js';
import { Serve, type ServeOptions } from './serve.js';
import { temp, type Scope } from './temp.js';

/** What came back. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export class Controlled {
  readonly serve: Serve;
  readonly socket: string;
  readonly control: string;
  readonly client: ControlClient;

  private constructor(serve: Serve, directory: string) {
    this.serve = serve;
    this.socket = `${directory}/lab.sock`;
    this.control = `${directory}/control.sock`;
    this.client = new ControlClient(this.control);
  }

  /** Serves a region called `lab`, until the test ends. */
  static async start(
    t: Scope,
    args: readonly string[] = [],
    options?: ServeOptions,
  ): Promise<Controlled> {
    const directory = temp(t);
    const sockets = ['--socket', `${directory}/lab.sock`, '--control', `${directory}/control.sock`];
    return new Controlled(await Serve.start(t, [...sockets, ...args], options), directory);
  }

  /** One whose configuration has `lab.sock` and `control.sock` in this directory. */
  static over(serve: Serve, directory: string): Controlled {
    return new Controlled(serve, directory);
  }

  /** The process that speaks HTTP. */
  get frontPid(): number {
    const { pid } = this.serve;
    const [front] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ');
    return Number(front);
  }

  /** Connects, and sends nothing. */
  async connect(t: Scope): Promise<Socket> {
    const socket = connect(this.control);
    t.teardown(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  }

  /** Sends these bytes, and reads until the server ends the connection. */
  async send(t: Scope, bytes: string | Buffer): Promise<Answer> {
    const socket = await this.connect(t);
    socket.write(bytes);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    return parse(Buffer.concat(chunks).toString());
  }

  /** One request, and its answer. */
  request(t: Scope, line: string, headers: readonly string[] = [], body = ''): Promise<Answer> {
    const head = [`${line} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers];
    return this.send(t, `${head.join('\r\n')}\r\n\r\n${body}`);
  }
}

function parse(response: string): Answer {
  const [head = '', ...rest] = response.split('\r\n\r\n');
  const [status = '', ...headers] = head.split('\r\n');
  return {
    status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(status)?.[1]),
    headers: Object.fromEntries(
      headers.map((header) => {
        const [name = '', value = ''] = header.split(': ', 2);
        return [name.toLowerCase(), value];
      }),
    ),
    text: rest.join('\r\n\r\n'),
  };
}
