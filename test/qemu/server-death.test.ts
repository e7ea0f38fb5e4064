// The server's end must be nothing to those attached: doorbells and memory are theirs by then.
// A leave told to everybody on the way out would silence every doorbell.
import t from 'tap';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { ringsEvery, vectors } from '../helper/rings.js';
import { Serve } from '../helper/serve.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} of the server leaves doorbells and memory working`, need('qemu'), async (t) => {
    const socket = `${temp(t)}/s`;
    const serve = await Serve.start(t, ['--socket', socket, '--vectors', '4']);
    const [a, b] = await Device.startAll(t, 2, { socket, vectors: 4 });
    t.same(await ringsEvery(a, b), vectors(4));
    await a.write(0, 'before');

    const exit = await serve.end(signal);
    if (signal === 'SIGKILL') t.equal(exit.signal, 'SIGKILL');
    else t.equal(exit.code, 0, 'it ended as it was asked to');

    t.same(await ringsEvery(a, b), vectors(4));
    t.same(await ringsEvery(b, a), vectors(4));
    t.equal(await b.readText(0, 6), 'before');
    await b.write(6, ', after');
    t.equal(await a.readText(0, 13), 'before, after');
    t.ok(await a.qemu.lives());
    t.ok(await b.qemu.lives());
  });
}

t.test('a device that was stopped when the server died goes on', need('qemu'), async (t) => {
  const socket = `${temp(t)}/s`;
  const serve = await Serve.start(t, ['--socket', socket, '--vectors', '4']);
  const [a, b] = await Device.startAll(t, 2, { socket, vectors: 4 });
  t.same(await ringsEvery(a, b), vectors(4));
  a.qemu.stop();
  const c = await Device.start(t, { socket, vectors: 4 });
  t.same(await ringsEvery(c, c), vectors(4));
  await serve.end('SIGKILL');
  a.qemu.cont();
  // Of c it may not have heard: QEMU 7.2 throws away what it has not read when the server is gone.
  t.same(await ringsEvery(a, b), vectors(4));
  t.same(await ringsEvery(c, a), vectors(4), 'c was told of it');
  t.ok(await a.qemu.lives());
});

t.test('SIGTERM gives a stopped device time to read what it is owed', need('qemu'), async (t) => {
  const socket = `${temp(t)}/s`;
  const serve = await Serve.start(t, ['--socket', socket, '--vectors', '4']);
  const a = await Device.start(t, { socket, vectors: 4 });
  t.same(await ringsEvery(a, a), vectors(4));
  a.qemu.stop();
  const b = await Device.start(t, { socket, vectors: 4 });
  t.same(await ringsEvery(b, b), vectors(4));
  serve.kill('SIGTERM');
  await until('the server was told', () => serve.logged('stop').length > 0);
  a.qemu.cont();
  t.equal((await serve.exit).code, 0);
  t.same(serve.logged('warning'), [], 'it read all');
  t.same(await ringsEvery(a, b), vectors(4));
});
