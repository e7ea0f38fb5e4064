// `ivshmem reload`: the server that the kernel says is there reads its file again, and says what came of it.
import { rmSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { asUser } from '../helper/as-user.js';
import { ivshmem, run, type Ended } from '../helper/command.js';
import { need } from '../helper/need.js';
import { Serve } from '../helper/serve.js';
import { temp, type Scope } from '../helper/temp.js';

interface Place {
  readonly directory: string;
  write(...lines: string[]): void;
  reload(name?: string, before?: readonly string[]): Promise<Ended>;
}

function placeOf(t: Scope): Place {
  const directory = temp(t);
  return {
    directory,
    write: (...lines) => {
      const text = `regions:\n${lines.map((line) => `  ${line}\n`).join('')}`;
      writeFileSync(`${directory}/ivshmem.yaml`, text);
    },
    reload: (name = 'a', before = []) =>
      run(t, [...before, ...ivshmem, 'reload', '--socket', `${directory}/${name}`]),
  };
}

t.test('it waits until the file has been read, and tells what came of it', async (t) => {
  const place = placeOf(t);
  place.write('a: { socket: a }', 'b: { socket: b }');
  await Serve.start(t, ['--config', `${place.directory}/ivshmem.yaml`]);
  place.write('a: { socket: a, max-peers: 3 }', 'c: { socket: c }');
  t.match(await place.reload(), {
    code: 0,
    stdout: 'reloaded: added c; removed b; kept a\n',
    stderr: '',
  });
  t.match(await place.reload('c'), { code: 0, stdout: 'reloaded: kept a, c\n' });
});

t.test('what was not done is told line by line, and the exit code is 1', async (t) => {
  const place = placeOf(t);
  place.write('a: { socket: a }');
  await Serve.start(t, ['--config', `${place.directory}/ivshmem.yaml`]);
  place.write('a: { socket: a, vectors: 3 }');
  const refused = await place.reload();
  t.match(refused, { code: 1, stdout: 'reloaded: kept a\n' });
  t.match(refused.stderr, /^ivshmem reload: a: vectors stays 1, and does not become 3; /);
  place.write('a: { socket: a, vectors: none }');
  const broken = await place.reload();
  t.match(broken, { code: 1, stdout: 'nothing was changed\n' });
  t.match(broken.stderr, `ivshmem reload: ${place.directory}/ivshmem.yaml:2:28: `);
  rmSync(`${place.directory}/ivshmem.yaml`);
  t.match(await place.reload(), { code: 1, stdout: 'nothing was changed\n', stderr: /ENOENT/ });
});

t.test('a region that the file has no more answers no more', async (t) => {
  const place = placeOf(t);
  place.write('a: { socket: a }', 'b: { socket: b }');
  await Serve.start(t, ['--config', `${place.directory}/ivshmem.yaml`]);
  place.write('a: { socket: a }');
  const { code, stderr } = await place.reload('b');
  t.equal(code, 1);
  t.match(stderr, 'this region is there no more');
});

t.test('a server without a file is left alone', async (t) => {
  const place = placeOf(t);
  const serve = await Serve.start(t, ['--socket', `${place.directory}/a`]);
  const { code, stderr } = await place.reload();
  t.equal(code, 1);
  t.match(stderr, 'this server has no configuration file: it was started without --config');
  t.ok(serve.alive);
});

t.test('where nobody serves it says so; called wrongly it ends with 2', async (t) => {
  const place = placeOf(t);
  const { code, stderr } = await place.reload();
  t.equal(code, 1);
  t.match(stderr, 'start a server there');
  t.equal((await run(t, [...ivshmem, 'reload', 'now'])).code, 2);
  const { code: unknown, stderr: says } = await run(t, [...ivshmem, 'reload', '--sockte', 'x']);
  t.equal(unknown, 2);
  t.match(says, 'did you mean --socket?');
});

t.test('who may not signal the server is told so', need('root'), async (t) => {
  const place = placeOf(t);
  place.write('a: { socket: a, socket-mode: "0666" }');
  const serve = await Serve.start(t, ['--config', `${place.directory}/ivshmem.yaml`]);
  const { code, stderr } = await place.reload('a', asUser(65_534));
  t.equal(code, 1);
  t.match(stderr, `EPERM: operation not permitted, kill 'process ${serve.pid}'`);
  t.same(serve.logged('reload'), []);
});
