// Strangers who have tens of thousands of descriptors, and as many sockets as the doctor asks about.
import { once } from 'node:events';
import { chmodSync, chownSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { asUser } from '../../helper/as-user.js';
import { Child } from '../../helper/child.js';
import { ivshmem, run } from '../../helper/command.js';
import { impostor } from '../../helper/impostor.js';
import { need } from '../../helper/need.js';
import { temp } from '../../helper/temp.js';
import { deadlineMs } from '../../helper/until.js';

const NOBODY = 65_534;
const DESCRIPTORS = 9_000;

t.test('however much strangers have open, it is read a few times', need('root'), async (t) => {
  const directory = temp(t);
  chownSync(directory, NOBODY, NOBODY);
  chmodSync(directory, 0o755);
  const sockets = Array.from({ length: 64 }, (_, index) => `${directory}/${index}`);
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
  const args = sockets.flatMap((socket, index) => [
    ...['-chardev', `socket,path=${socket},id=c${index}`],
    ...['-device', `ivshmem-doorbell,chardev=c${index}`],
  ]);
  await impostor(t, { args, as: asUser(NOBODY) });
  const doctor = run(t, [...ivshmem, 'doctor', '--json', '--socket', `${temp(t)}/s`]);
  const ended = await Promise.race([doctor, sleep(deadlineMs, undefined, { ref: false })]);
  const all = JSON.parse(ended?.stdout ?? '[]') as { subject: string; message: string }[];
  t.equal(
    all.filter(
      ({ subject, message }) => sockets.includes(subject) && message.includes('nobody is asked'),
    ).length,
    sockets.length,
  );
});
