// A QEMU that queues at a socket when the last who has it closes it: systemd, when its unit is stopped.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { bindSocket, createUnixSocket, listenSocket } from '../../native/unix-socket.js';
import { need } from '../helper/need.js';
import { Qemu } from '../helper/qemu.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

t.test(
  'a QEMU that nobody has accepted ends by itself with its socket',
  need('qemu'),
  async (t) => {
    const socket = `${temp(t)}/s`;
    const listener = createUnixSocket();
    bindSocket(listener, socket);
    listenSocket(listener, 1);
    const qemu = new Qemu(t, { socket });
    // Its end of the connection has no name, ours would have the path: that is there once it has connected.
    const connections = (): number =>
      readFileSync('/proc/net/unix', 'utf8')
        .split('\n')
        .filter((line) => line.endsWith(` ${socket}`)).length;
    await until('it queues', () => connections() > 1);
    listener.close();
    const { code, stderr } = await qemu.exit;
    t.equal(code, 1);
    t.match(stderr, 'read from server failed');
  },
);
