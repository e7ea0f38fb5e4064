import t, { type Test } from 'tap';
import { descriptorCount } from '../../native/descriptor-limit.js';
import type { Fd } from '../../native/fd.js';
import {
  bindSocket,
  connectSocket,
  createUnixSocket,
  listenSocket,
  shutdownListener,
} from '../../native/unix-socket.js';
import { Acceptor } from '../../src/server/acceptor.js';
import { failing } from '../helper/fault.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

/** An acceptor whose sockets are kept until the test ends. */
class Scene {
  readonly acceptor: Acceptor;
  readonly listener: Fd;
  readonly accepted: Fd[] = [];
  readonly starved: string[] = [];
  readonly troubles: string[] = [];
  readonly #path: string;
  readonly #t: Test;

  constructor(t: Test) {
    this.#t = t;
    this.#path = `${temp(t)}/s`;
    this.listener = createUnixSocket();
    bindSocket(this.listener, this.#path);
    listenSocket(this.listener, 100);
    this.acceptor = new Acceptor(this.listener, {
      onConnection: (socket) => this.accepted.push(socket),
      onStarved: (socket, { code }) => {
        this.starved.push(code);
        socket.close();
      },
      onTrouble: ({ code }) => this.troubles.push(code),
    });
    t.teardown(() => {
      this.acceptor.close();
      this.listener.close();
      for (const socket of this.accepted) socket.close();
    });
  }

  connect(count: number): void {
    for (let n = 0; n < count; n += 1) {
      const socket = connectSocket(this.#path)!;
      this.#t.teardown(() => socket.close());
    }
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('a storm of connects is taken a few at a time', async (t) => {
  const scene = new Scene(t);
  scene.connect(50);
  const perTurn: number[] = [];
  await until('all are accepted', async () => {
    const before = scene.accepted.length;
    await turn();
    perTurn.push(scene.accepted.length - before);
    return scene.accepted.length === 50;
  });
  t.ok(
    perTurn.every((count) => count <= 16),
    perTurn.join(', '),
  );
});

for (const code of ['EMFILE', 'ENFILE'] as const) {
  t.test(`${code}: whoever connects is handed on to be refused`, async (t) => {
    const scene = new Scene(t);
    failing(t, 'accept4', code, { times: 1 });
    scene.connect(2);
    await until('both are there', () => scene.accepted.length === 1 && scene.starved.length === 1);
    t.same(scene.starved, [code]);
    t.same(scene.troubles, []);
  });
}

t.test('the spare descriptor is there again at once, whatever happened to it', async (t) => {
  const scene = new Scene(t);
  const before = descriptorCount('self')!;
  failing(t, 'accept4', 'EMFILE', { times: 2 });
  scene.connect(1);
  await until('neither of the two calls is enough', () => scene.troubles.length === 1);
  t.equal(descriptorCount('self'), before + 1, 'the spare one, and the end that connected');
  await until('it is accepted later', () => scene.accepted.length === 1);
  t.same(scene.starved, []);
});

t.test('what else the kernel lacks is told, and tried again', async (t) => {
  const scene = new Scene(t);
  const fault = failing(t, 'accept4', 'ENOMEM', { times: 2 });
  scene.connect(1);
  await until('it is accepted', () => scene.accepted.length === 1);
  t.same(scene.troubles, ['ENOMEM', 'ENOMEM']);
  t.ok(fault.calls >= 3);
});

t.test('a connection that was aborted in the queue holds nobody up', async (t) => {
  const scene = new Scene(t);
  failing(t, 'accept4', 'ECONNABORTED', { times: 1 });
  scene.connect(1);
  await until('it is accepted', () => scene.accepted.length === 1);
  t.same(scene.troubles, []);
});

t.test('the queue of a listener that was shut down is drained', async (t) => {
  const scene = new Scene(t);
  scene.connect(40);
  shutdownListener(scene.listener);
  scene.acceptor.drain();
  t.equal(scene.accepted.length, 40);
  t.same(scene.troubles, []);
});

t.test(
  'who drains is told once nobody queues any more, at once or when the kernel accepts again',
  async (t) => {
    for (const [code, isLater] of [
      [undefined, false],
      ['EMFILE', false],
      ['ENOMEM', true],
    ] as const) {
      const scene = new Scene(t);
      scene.connect(2);
      shutdownListener(scene.listener);
      const fault = code && failing(t, 'accept4', code, { after: 2, times: 1 });
      const seen: number[] = [];
      scene.acceptor.drain(() => seen.push(scene.accepted.length));
      t.same(seen, isLater ? [] : [2], String(code));
      await until('it is drained', () => seen.length > 0);
      fault?.restore();
      await turn();
      t.same(seen, [2]);
    }
  },
);

t.test('a listener that was shut down does not keep the process busy', async (t) => {
  const scene = new Scene(t);
  shutdownListener(scene.listener);
  scene.acceptor.drain();
  const fault = failing(t, 'accept4', 'EAGAIN');
  for (let count = 0; count < 100; count += 1) await turn();
  t.equal(fault.calls, 0);
});

t.test('once closed it accepts nothing', async (t) => {
  const scene = new Scene(t);
  scene.acceptor.close();
  scene.acceptor.close();
  scene.connect(1);
  for (let count = 0; count < 100; count += 1) await turn();
  t.equal(scene.accepted.length, 0);
});
