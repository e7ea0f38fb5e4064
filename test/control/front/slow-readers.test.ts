// What nobody reads is bounded, and who has most of it is let go.
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import t from 'tap';
import { SlowReaders } from '../../../src/control/front/slow-readers.js';
import { temp } from '../../helper/temp.js';

t.test('above 64 MiB nobody is to be answered, until who has most to read is let go', async (t) => {
  const path = `${temp(t)}/s`;
  const connections = new Set<Socket>();
  const server = createServer((socket) => {
    connections.add(socket);
    socket.on('error', () => undefined).on('close', () => connections.delete(socket));
  }).listen(path);
  await once(server, 'listening');
  for (let n = 0; n < 3; n += 1) {
    const client = connect(path)
      .on('error', () => undefined)
      .pause();
    t.teardown(() => client.destroy());
    await once(server, 'connection');
  }
  t.teardown(() => server.close());
  const [most, some, none] = [...connections];
  if (!most || !some || !none) throw new Error('three are connected');

  const slow = new SlowReaders(connections, () => false);
  some.write(Buffer.alloc(30 * 1024 ** 2));
  slow.letGo();
  t.notOk(slow.areTooSlow);
  t.notOk(some.destroyed);
  most.write(Buffer.alloc(40 * 1024 ** 2));
  t.ok(slow.areTooSlow);
  slow.letGo();
  t.same([most.destroyed, some.destroyed, none.destroyed], [true, false, false]);
  await once(most, 'close');
  t.notOk(slow.areTooSlow);
});
