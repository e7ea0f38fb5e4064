import { once } from 'node:events';
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { ControlClient } from '../../../../src/control/client.js';
import { lostSockets } from '../../../../src/control/doctor/checks/lost-sockets.js';
import type { Complaint } from '../../../../src/control/doctor/finding.js';
import type { ServerStatus } from '../../../../src/control/status.js';
import { Child } from '../../../helper/child.js';
import { configFile } from '../../../helper/config-file.js';
import { found } from '../../../helper/doctor.js';
import { Lab } from '../../../helper/lab.js';
import { need } from '../../../helper/need.js';
import { Serve } from '../../../helper/serve.js';
import { temp } from '../../../helper/temp.js';

/** What is found of a lab. */
function look({ status: askStatus, control }: Lab): Promise<readonly Complaint[]> {
  return found(lostSockets, { askStatus, control });
}

/** Another program that listens at a path. */
async function listen(t: Test, path: string): Promise<Child> {
  const script = `require('net').createServer().listen('${path}', () => console.log())`;
  const other = new Child(t, [process.execPath, '-e', script]);
  await once(other.stdout, 'data');
  return other;
}

t.test('a socket that was removed is an error, each path of the server is looked at', async (t) => {
  const lab = await Lab.start(t);
  t.strictSame(await look(lab), []);
  for (const path of [lab.socket, `${lab.socket}.host`]) {
    renameSync(path, `${path}.old`);
    const [complaint, ...more] = await look(lab);
    t.match(complaint, {
      severity: 'error',
      subject: path,
      message: `server ${lab.serve.pid} serves at it, and no socket is there`,
      remedy: /^move it back/,
    });
    t.strictSame(more, []);
    renameSync(`${path}.old`, path);
    t.strictSame(await look(lab), [], 'the remedy is one');
  }
});

t.test("so it is of every region, and of a VM's own socket", async (t) => {
  const directory = temp(t);
  const [control, web, db] = ['control', 'web', 'db'].map((name) => `${directory}/${name}`);
  const config = configFile(
    t,
    `regions:
  a: { socket: ${directory}/a, size: 64K, vms: { web: { socket: ${web} } } }
  b: { socket: ${db}, size: 64K, host-socket: false }
`,
  );
  await Serve.start(t, ['--config', config, '--control', String(control)]);
  const askStatus = (): Promise<ServerStatus> => new ControlClient(String(control)).status();
  t.strictSame(await found(lostSockets, { askStatus, control: String(control) }), []);
  for (const path of [web, db]) rmSync(String(path));
  t.match(await found(lostSockets, { askStatus, control: String(control) }), [
    { severity: 'error', subject: web },
    { severity: 'error', subject: db },
  ]);
});

t.test("another program's socket at the path is an error, and it is named", async (t) => {
  const lab = await Lab.start(t);
  for (const path of [lab.socket, `${lab.socket}.host`]) {
    renameSync(path, `${path}.old`);
    const other = await listen(t, path);
    t.match(await look(lab), [
      {
        severity: 'error',
        subject: path,
        message: new RegExp(`a socket of process ${other.pid} is there`),
        remedy: /^stop who made that one; restart the server when its VMs/,
      },
    ]);
    other.kill('SIGKILL');
    await other.exit;
    t.match(await look(lab), [{ severity: 'error', message: /another socket is there/ }]);
    rmSync(path);
    renameSync(`${path}.old`, path);
    t.strictSame(await look(lab), []);
  }
});

t.test('a file that is no socket is none', async (t) => {
  const lab = await Lab.start(t);
  rmSync(lab.socket);
  writeFileSync(lab.socket, '');
  t.match(await look(lab), [{ subject: lab.socket, message: /no socket is there/ }]);
});

t.test('a lock file that was removed is an error, even if there is a new one', async (t) => {
  const lab = await Lab.start(t);
  for (const path of [lab.socket, `${lab.socket}.host`, lab.control]) {
    rmSync(`${path}.lock`);
    const complaint = {
      severity: 'error',
      subject: path,
      message: /its lock file was removed/,
      remedy: /^start none there/,
    };
    t.match((await look(lab)).at(-1), complaint);
    writeFileSync(`${path}.lock`, '', { mode: path === lab.control ? 0o400 : 0o600 });
    t.match((await look(lab)).at(-1), complaint);
  }
  t.equal((await look(lab)).length, 3);
});

t.test('a path that leads there by a link is as good', async (t) => {
  const directory = temp(t);
  symlinkSync(directory, `${directory}/link`);
  t.strictSame(await look(await Lab.start(t, [], { directory: `${directory}/link` })), []);
});

t.test('of a server that cannot be seen nothing is said', async (t) => {
  const lab = await Lab.start(t);
  rmSync(lab.socket);
  const askStatus = async (): Promise<ServerStatus> => ({ ...(await lab.status()), pid: 1 });
  t.strictSame(await found(lostSockets, { askStatus, control: lab.control }), []);
});

t.test(
  'what a server in another mount namespace has is looked at from there',
  need('root'),
  async (t) => {
    const [directory, outside] = [temp(t), temp(t)];
    const mount = `mount --bind ${outside} ${directory}; exec "$@"`;
    const within = ['unshare', '--mount', 'sh', '-ec', mount, 'sh'];
    const inside = await Lab.start(t, [], { directory, within });
    const control = `${outside}/control`;
    const askStatus = (): Promise<ServerStatus> => new ControlClient(control).status();
    t.strictSame(await found(lostSockets, { askStatus, control }), []);
    rmSync(`${outside}/s`);
    t.match(await found(lostSockets, { askStatus, control }), [{ subject: inside.socket }]);
  },
);
