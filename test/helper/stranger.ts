// A process that connects to a socket and stays, as another user, in another unit or namespace: what goes
// before its command makes it that.
// Rule 1: it does nothing but read the first message of each connection: what is told to it is the server's.
import { Child } from './child.js';
import type { Scope } from './temp.js';
import { until } from './until.js';

const script = `
const net = require('node:net');
const [socket, count] = process.argv.slice(1);
for (let n = 0; n < Number(count); n += 1) {
  net.connect(socket).once('data', (bytes) => console.log(String(bytes.readBigInt64LE())))
    .resume().on('error', () => undefined);
}
setInterval(() => undefined, 1000);`;

export interface StrangerOptions {
  /** Goes before the command: `asUser`, `inCgroup`, … */
  readonly as?: readonly string[];
  /** Connections. Default 1. */
  readonly count?: number;
}

export class Stranger {
  readonly child: Child;
  #said = '';

  constructor(t: Scope, socket: string, { as = [], count = 1 }: StrangerOptions = {}) {
    const node = [process.execPath, '-e', script, '--', socket, String(count)];
    this.child = new Child(t, [...as, ...node]);
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
  }

  /** Resolves with the version that each of its connections was sent first. */
  async versions(count = 1): Promise<number[]> {
    return until(`${count} answers ${this.child.stderr}`, () => {
      const lines = this.#said.split('\n').slice(0, -1);
      if (!this.child.alive) throw new Error(`it ended: ${this.child.stderr}`);
      return lines.length >= count && lines.map(Number);
    });
  }
}
