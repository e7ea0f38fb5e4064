// `ivshmem serve --config`: several regions of one file, and what becomes of them when the file changes.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { ivshmem, run } from '../helper/command.js';
import { Ledger } from '../helper/ledger.js';
import { Serve } from '../helper/serve.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { temp, type Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

/** A place for a file and the sockets that it names. */
class Place {
  readonly directory: string;
  readonly file: string;
  readonly #t: Scope;

  constructor(t: Scope) {
    this.#t = t;
    this.directory = temp(t);
    this.file = `${this.directory}/ivshmem.yaml`;
  }

  write(...lines: string[]): void {
    writeFileSync(this.file, `regions:\n${lines.map((line) => `  ${line}\n`).join('')}`);
  }

  join(name: string, vectors = 1): Promise<StrictPeer> {
    const options = { vectors, ledger: new Ledger() };
    return StrictPeer.join(this.#t, `${this.directory}/${name}`, options);
  }

  get sockets(): string[] {
    return readdirSync(this.directory).filter((name) => /^\w+$/.test(name));
  }
}

/** Makes a server read its file again; resolves with the line that says what came of it. */
async function reload(serve: Serve): Promise<string> {
  const before = serve.logged('reload').length;
  serve.kill('SIGHUP');
  await until('it is reloaded', () => serve.logged('reload').length > before);
  return serve.logged('reload').at(-1)?.msg ?? '';
}

t.test('it serves every region of the file, and says which each line is about', async (t) => {
  const place = new Place(t);
  place.write('a: { socket: a }', 'b: { socket: b, vectors: 2, host-socket: false }');
  const serve = await Serve.start(t, ['--config', place.file, '--pid-file', `${place.file}.pid`]);
  const [a, b] = [await place.join('a'), await place.join('b', 2)];
  t.same([a.id, b.id], [0, 0]);
  t.match(serve.stdout, /^ivshmem serves region a to at most \d+ peers\.$/m);
  t.match(serve.stdout, /^ivshmem serves region b to at most \d+ peers\.$/m);
  t.match(serve.logged('listening'), [{ region: 'a' }, { region: 'b' }]);
  await until('both are logged', () => serve.logged('join').length === 2);
  t.match(serve.logged('join'), [
    { region: 'a', peer: 0, msg: /^a: peer 0 joined/ },
    { region: 'b', peer: 0, msg: /^b: peer 0 joined/ },
  ]);
  t.equal((await serve.end('SIGTERM')).code, 0);
  t.match(serve.logged('end'), [{ region: 'a' }, { region: 'b' }]);
  t.same(readdirSync(place.directory), ['ivshmem.yaml']);
});

t.test('VMs that have a name are named, with the way to them', async (t) => {
  const place = new Place(t);
  place.write('a: { socket: a, vms: { web: { id: 5, socket: w }, db: { user: root } } }');
  const serve = await Serve.start(t, ['--config', place.file]);
  t.match(serve.stdout, `\n  VM       web: ${place.directory}/w, peer 5\n`);
  t.match(serve.stdout, '\n  VM       db: known by who it is\n');
  t.match(serve.logged('listening')[0], {
    vms: [{ name: 'web', socket: `${place.directory}/w` }, { name: 'db' }],
    msg: /; VMs web, db$/,
  });
  t.equal((await place.join('w')).id, 5);
  await until('it is logged', () => serve.logged('join').length === 1);
  t.match(serve.logged('join')[0]?.msg, /^a: web \(peer 5\) joined/);
});

t.test('SIGHUP: regions come, go and change, and who stays does not notice', async (t) => {
  const place = new Place(t);
  place.write('a: { socket: a }', 'b: { socket: b }');
  const serve = await Serve.start(t, ['--config', place.file]);
  const [stays, isLeft] = [await place.join('a'), await place.join('b')];
  place.write('a: { socket: a, max-peers: 1, socket-mode: "0666" }', 'c: { socket: c }');
  t.equal(await reload(serve), 'reloaded: added c; removed b; kept a');
  t.same(place.sockets, ['a', 'c']);
  t.equal(statSync(`${place.directory}/a`).mode & 0o777, 0o666);
  t.equal((await place.join('a')).refusal, -87, 'one peer is there already');
  t.equal((await place.join('c')).id, 0);
  await until('its server has gone', () => isLeft.read() >= 0 && isLeft.isOver);
  t.equal(stays.read(), 0, 'not one message');
  await until('its end is logged', () => serve.logged('end').length === 1);
  t.match(serve.logged('end'), [{ region: 'b' }]);
});

t.test(
  'SIGHUP: what cannot change is said with the way to have it, and the rest is done',
  async (t) => {
    const place = new Place(t);
    place.write('a: { socket: a, vectors: 2, size: 1M }');
    const serve = await Serve.start(t, ['--config', place.file]);
    const peer = await place.join('a', 2);
    place.write(
      'a: { socket: a, vectors: 4, size: 2M, hugepages: 2M, max-peers: 1 }',
      'b: { socket: nowhere/b }',
      'c: { socket: c }',
    );
    t.equal(await reload(serve), 'reloaded: added c; kept a');
    const said = serve.logged('refused-change').map(({ msg }) => msg);
    t.same(said, [
      'a: size stays 1M, and does not become 2M; attached VMs have what is there: give the region another name, or take it out, reload, and put it in again',
      'a: vectors stays 2, and does not become 4; attached VMs have what is there: give the region another name, or take it out, reload, and put it in again',
      'a: hugepages stays none, and does not become 2M; attached VMs have what is there: give the region another name, or take it out, reload, and put it in again',
      `b: ENOENT: no such file or directory, lstat '${place.directory}/nowhere/b'`,
    ]);
    t.equal((await place.join('a', 2)).refusal, -87);
    t.equal(peer.read(), 0);
  },
);

t.test('SIGHUP: a file with an error changes nothing', async (t) => {
  const place = new Place(t);
  place.write('a: { socket: a }');
  const serve = await Serve.start(t, ['--config', place.file]);
  const peer = await place.join('a');
  const errors = (): string[] => serve.logged('config').map(({ msg = '' }) => msg);
  place.write('b: { socket: b, vectors: 0 }', 'c: { scoket: c }');
  t.equal(await reload(serve), 'nothing was changed');
  t.same(errors(), [
    `${place.file}:2:28: regions.b.vectors: 0 is not in 1–2048`,
    `${place.file}:3:3: regions.c.socket: this key is missing`,
    `${place.file}:3:8: regions.c.scoket: unknown key; did you mean socket?`,
  ]);
  place.write('b: [');
  t.equal(await reload(serve), 'nothing was changed');
  rmSync(place.file);
  t.equal(await reload(serve), 'nothing was changed');
  t.match(errors().at(-1), /^config: ENOENT: /);
  t.same(place.sockets, ['a']);
  t.equal((await place.join('a')).id, 1);
  await until('it hears of that', () => peer.read() === 1);
});

t.test('SIGHUP: a file that became a FIFO is refused, and the server goes on', async (t) => {
  const place = new Place(t);
  place.write('a: { socket: a }');
  const serve = await Serve.start(t, ['--config', place.file]);
  rmSync(place.file);
  execFileSync('mkfifo', [place.file]);
  t.equal(await reload(serve), 'nothing was changed');
  t.match(serve.logged('config')[0]?.msg, `${place.file} is no regular file`);
  rmSync(place.file);
  place.write('b: { socket: b }');
  t.equal(await reload(serve), 'reloaded: added b; removed a');
  t.equal((await serve.end('SIGTERM')).code, 0);
});

t.test('SIGHUP many times at once ends in what the file says', async (t) => {
  const place = new Place(t);
  place.write('a: { socket: a }');
  const serve = await Serve.start(t, ['--config', place.file]);
  for (let i = 0; i < 20; i++) {
    place.write('a: { socket: a }', `b${i}: { socket: b${i} }`);
    serve.kill('SIGHUP');
  }
  await until('the last is there alone', () => place.sockets.join() === 'a,b19');
  t.equal((await serve.end('SIGTERM')).code, 0);
  t.same(place.sockets, []);
});

t.test('a file that is wrong ends the start with 2, each error with its place', async (t) => {
  const place = new Place(t);
  place.write('a: { socket: a, vectors: 0 }', 'b: { socket: a }');
  const { code, stderr, stdout } = await run(t, [...ivshmem, 'serve', '--config', place.file]);
  t.equal(code, 2);
  t.match(stderr, `${place.file}:2:28: regions.a.vectors: 0 is not in 1–2048`);
  t.match(stderr, `${place.file}:3:16: regions.b.socket: `);
  t.equal(stdout, '');
  t.same(place.sockets, []);
});

t.test(
  'a file that is not there ends the start with 2: another start does not right it',
  async (t) => {
    const directory = temp(t);
    for (const [file, says] of [
      [`${directory}/none`, 'ENOENT'],
      [directory, 'no regular file'],
    ] as const) {
      const { code, stderr } = await run(t, [...ivshmem, 'serve', '--config', file]);
      t.equal(code, 2);
      t.match(stderr, new RegExp(`^ivshmem serve: --config: .*${says}`));
    }
  },
);

t.test('what the file says is not said by options as well', async (t) => {
  const place = new Place(t);
  place.write('a: { socket: a }');
  const argv = [...ivshmem, 'serve', '--config', place.file, '--size', '4M', '--vectors', '2'];
  const { code, stderr } = await run(t, argv);
  t.equal(code, 2);
  t.match(stderr, '--config: the file describes the regions; leave out --size, --vectors');
  t.notOk(existsSync(`${place.directory}/a`));
});

t.test('the control socket is none that the file has for VMs or host commands', async (t) => {
  const place = new Place(t);
  place.write('a: { socket: a, vms: { web: { socket: web } } }');
  for (const name of ['a', 'a.host', 'web']) {
    const control = ['--control', `${place.directory}/${name}`];
    const { code, stderr } = await run(t, [
      ...ivshmem,
      'serve',
      '--config',
      place.file,
      ...control,
    ]);
    t.equal(code, 2);
    t.match(stderr, '--control: it is the socket of VMs or host commands');
    t.same(place.sockets, []);
  }
});
