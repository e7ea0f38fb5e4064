// What a process of the server's own user can do to it: the kernel counts descriptors in flight by user.
import { chownSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { asUser } from '../helper/as-user.js';
import { Child } from '../helper/child.js';
import { Ledger } from '../helper/ledger.js';
import { need } from '../helper/need.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const uid = 100_000 + process.pid;

/** A program beside this file, as the user; what it says. */
function start(t: Parameters<typeof temp>[0], argv: readonly string[], fdLimit: number) {
  const [name = '', ...args] = argv;
  const file = fileURLToPath(new URL(name, import.meta.url));
  const child = new Child(t, [...asUser(uid), process.execPath, file, ...args], { fdLimit });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  return { child, said: () => said };
}

t.test(
  'can: let newcomers wait, by descriptors in flight; those who are there stay',
  need('root'),
  async (t) => {
    const directory = temp(t);
    chownSync(directory, uid, uid);
    const socket = `${directory}/s`;
    const server = start(t, ['serve-access.js', JSON.stringify({ socket })], 1_024);
    await until('it is ready', () => server.said() === 'ready\n');
    const options = { vectors: 1, ledger: new Ledger() };
    const first = await StrictPeer.join(t, socket, options);
    const hog = start(t, ['in-flight-hog.js'], 4_096);
    await until('it has used up all', () => hog.said() === 'ETOOMANYREFS\n');
    const late = StrictPeer.connect(socket, options);
    t.teardown(() => {
      late.close();
    });
    await until('it is taken', () => server.said().includes(`join pid ${process.pid} uid 0\njoin`));
    late.read();
    t.notOk(late.isWelcomed || first.isOver);
    hog.child.kill('SIGKILL');
    await until('it is welcome after all', () => late.read() >= 0 && late.isWelcomed);
    await until('the first knows it', () => first.read() >= 0 && first.told.has(late.id));
  },
);
