// --ready-fd: whoever waits for it may connect the moment it comes.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, existsSync, openSync, writeSync } from 'node:fs';
import { once } from 'node:events';
import t from 'tap';
import { connectSocket } from '../../native/unix-socket.js';
import { checkReadyFd } from '../../src/cli/ready-fd.js';
import { Child } from '../helper/child.js';
import { ivshmem, run } from '../helper/command.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

t.test('ready comes when connects succeed and the pid file is there, then the end', async (t) => {
  const directory = temp(t);
  const [socket, pidFile] = [`${directory}/s`, `${directory}/pid`];
  const args = ['--socket', socket, '--pid-file', pidFile, '--ready-fd', '3'];
  const child = new Child(t, [...ivshmem, 'serve', ...args], { ready: true });
  const [first] = (await once(child.ready, 'data')) as [Buffer];
  const connection = connectSocket(socket);
  t.ok(connection);
  connection?.close();
  t.ok(existsSync(pidFile));
  t.equal(first.toString(), 'ready\n');
  await once(child.ready.resume(), 'end');
  t.ok(child.alive);
});

t.test('a server that fails is not ready: its caller reads the end', async (t) => {
  const args = ['--socket', `${temp(t)}/missing/s`, '--ready-fd', '3'];
  const child = new Child(t, [...ivshmem, 'serve', ...args], { ready: true });
  let ready = '';
  child.ready.on('data', (text: Buffer) => (ready += text.toString()));
  t.equal((await child.exit).code, 1);
  t.equal(ready, '');
});

t.test('standard output may be the descriptor, and stays open', async (t) => {
  const args = ['--socket', `${temp(t)}/s`, '--ready-fd', '1'];
  const child = new Child(t, [...ivshmem, 'serve', ...args]);
  let stdout = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  await until('ready', () => stdout.endsWith('ready\n'));
  t.match(stdout, /Ctrl-C/);
  child.kill('SIGTERM');
  t.equal((await child.exit).code, 0);
});

t.test('whoever does not wait for it any more does not end the server', async (t) => {
  const socket = `${temp(t)}/s`;
  const child = new Child(t, [...ivshmem, 'serve', '--socket', socket, '--ready-fd', '3'], {
    ready: true,
  });
  child.ready.destroy();
  await until('the server listens', () => child.stderr.includes('"listening"'));
  child.kill('SIGTERM');
  t.equal((await child.exit).code, 0);
});

t.test('a pipe without room for it holds up nobody', async (t) => {
  const directory = temp(t);
  execFileSync('mkfifo', [`${directory}/ready`]);
  const pipe = openSync(`${directory}/ready`, constants.O_RDWR | constants.O_NONBLOCK);
  t.teardown(() => {
    closeSync(pipe);
  });
  fill(pipe);
  const socket = `${directory}/s`;
  const script = 'exec "$@" --ready-fd 7 7>ready';
  const shell = ['sh', '-c', `cd "$0" && ${script}`, directory];
  const child = new Child(t, [...shell, ...ivshmem, 'serve', '--socket', socket]);
  await until('the server listens', () => child.stderr.includes('"listening"'));
  const peer = await SocketPeer.join(t, socket, { vectors: 1 });
  t.equal(peer.id, 0);
  child.kill('SIGTERM');
  t.equal((await child.exit).code, 0);
});

t.test("none of Node's own descriptors is taken for the caller's", async (t) => {
  // All numbers in one process, with all that the command loads.
  const script = `
    await import(${url('serve')});
    const { checkReadyFd } = await import(${url('ready-fd')});
    for (let fd = 3; fd < 64; fd += 1) {
      try { console.log(checkReadyFd(fd)); } catch (error) { if (error.option !== 'readyFd') throw error; }
    }`;
  const { stdout, stderr } = await run(t, [process.execPath, '--input-type=module', '-e', script]);
  t.same({ stdout, stderr }, { stdout: '', stderr: '' });
});

t.test('what is open for reading only cannot be reported on', async (t) => {
  const modes = [
    ['r', false],
    ['w', true],
    ['r+', true],
  ] as const;
  const file = `${temp(t)}/file`;
  closeSync(openSync(file, 'w'));
  for (const [mode, isTaken] of modes) {
    const rawFd = openSync(file, mode);
    if (isTaken) t.equal(checkReadyFd(rawFd), rawFd, mode);
    else t.throws(() => checkReadyFd(rawFd), { name: 'OptionsError' }, mode);
    closeSync(rawFd);
  }
});

function fill(pipe: number): void {
  for (;;) {
    try {
      writeSync(pipe, Buffer.alloc(4096));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
      throw error;
    }
  }
}

function url(name: string): string {
  return JSON.stringify(new URL(`../../src/cli/${name}.js`, import.meta.url).href);
}
