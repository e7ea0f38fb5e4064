// Strangers who have tens of thousands of descriptors or devices, and as many sockets as the doctor asks about.
import { once } from 'node:events';
import { chmodSync, chownSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { answering } from '../../helper/answering.js';
import { asUser } from '../../helper/as-user.js';
import { Child } from '../../helper/child.js';
import { ivshmem, run } from '../../helper/command.js';
import { impostor } from '../../helper/impostor.js';
import { need } from '../../helper/need.js';
import { pretender } from '../../helper/pretender.js';
import { temp } from '../../helper/temp.js';
import { deadlineMs } from '../../helper/until.js';

const NOBODY = 65_534;
const DESCRIPTORS = 9_000;
const SOCKETS = 64;

function chardevs(sockets: readonly string[]): string[] {
  return sockets.flatMap((socket, index) => ['-chardev', `socket,path=${socket},id=${index}`]);
}

function devices(count: number): string[] {
  const device = (index: number): string => `ivshmem-doorbell,chardev=${index % SOCKETS}`;
  return Array.from({ length: count }, (_, index) => ['-device', device(index)]).flat();
}

/** All that the doctor finds; nothing if it takes too long. */
async function findings(t: Test): Promise<{ subject: string; message: string }[]> {
  const doctor = run(t, [...ivshmem, 'doctor', '--json', '--socket', `${temp(t)}/s`]);
  const ended = await Promise.race([doctor, sleep(deadlineMs, undefined, { ref: false })]);
  return JSON.parse(ended?.stdout ?? '[]') as { subject: string; message: string }[];
}

t.test('however much strangers have open, it is read a few times', need('root'), async (t) => {
  const directory = temp(t);
  chownSync(directory, NOBODY, NOBODY);
  chmodSync(directory, 0o755);
  const sockets = Array.from({ length: SOCKETS }, (_, index) => `${directory}/${index}`);
  const paths = sockets.flatMap((socket) => [socket, `${socket}.host`]);
  const script = `
    const [fs, net, paths] = [require('fs'), require('net'), process.argv.slice(1)];
    for (let i = 0; i < ${DESCRIPTORS}; i += 1) fs.openSync('/dev/null');
    Promise.all(paths.map((path) => new Promise((done) => net.createServer().listen(path, done))))
      .then(() => console.log('ready'));
    process.stdin.resume();`;
  for (const its of [paths, [], [], []]) {
    const argv = [...asUser(NOBODY), process.execPath, '-e', script, ...its];
    const stranger = new Child(t, argv, { fdLimit: DESCRIPTORS + 1_000 });
    await once(stranger.stdout, 'data');
  }
  const args = [...chardevs(sockets), ...devices(sockets.length)];
  await impostor(t, { args, as: asUser(NOBODY) });
  const all = await findings(t);
  t.equal(
    all.filter(
      ({ subject, message }) => sockets.includes(subject) && message.includes('nobody is asked'),
    ).length,
    sockets.length,
  );
});

t.test('however many devices strangers have, each costs one look', async (t) => {
  const sockets: string[] = [];
  while (sockets.length < SOCKETS) {
    const socket = await pretender(t, {});
    await answering(t, socket, (connection) => connection.destroy());
    sockets.push(socket);
  }
  const args = [...chardevs(sockets), ...devices(1_200)];
  for (let count = 0; count < 60; count += 1) await impostor(t, { args });
  const all = await findings(t);
  t.ok(all.some(({ message }) => /\(72\d{3} devices of known regions\)$/.test(message)));
});
