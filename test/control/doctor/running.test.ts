// Sockets at which somebody listens in the place of a server, who starts one when somebody connects.
import { chmodSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import t from 'tap';
import { hidden } from '../../../src/control/doctor/checks/hidden.js';
import { doorbells } from '../../../src/control/doctor/checks/doorbells.js';
import { examine } from '../../../src/control/doctor/examine.js';
import { ControlClient } from '../../../src/control/client.js';
import type { ServerStatus } from '../../../src/control/status.js';
import { asUser } from '../../helper/as-user.js';
import { Child } from '../../helper/child.js';
import { ivshmem } from '../../helper/command.js';
import { found, ownSceneOf } from '../../helper/doctor.js';
import { isListening } from '../../helper/look.js';
import { need } from '../../helper/need.js';
import { Stranger } from '../../helper/stranger.js';
import { temp } from '../../helper/temp.js';
import { until } from '../../helper/until.js';

const NOBODY = 65_534;

function programOf({ pid }: Child): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

t.test('a server that is to be started by who comes is not', need('socket-activate'), async (t) => {
  const directory = temp(t);
  const [socket, control] = [`${directory}/s`, `${directory}/control`];
  const listens = [socket, `${socket}.host`, control].flatMap((path) => ['-l', path]);
  const serve = [...ivshmem, 'serve', '--socket', socket, '--control', control, '--vectors', '3'];
  const starter = new Child(t, ['systemd-socket-activate', ...listens, ...serve]);
  await until('it listens', () => isListening(control));
  const askStatus = (): Promise<ServerStatus> => new ControlClient(control).status();
  const options = { sockets: [socket], askStatus, control, isServerExpected: true };
  const scene = await ownSceneOf(options);
  t.match(scene, { status: undefined, regions: [] });
  await examine(scene);
  t.match(await hidden.look(scene), [
    {
      severity: 'note',
      subject: socket,
      message: new RegExp(`^process ${starter.pid} listens.*may start one.*nobody is asked`),
    },
  ]);
  t.match(await doorbells.look(scene), [
    { severity: 'note', subject: 'server', message: /may start one/, remedy: /start the server/ },
  ]);
  t.equal(programOf(starter), 'systemd-socket-');

  await new Stranger(t, socket).versions();
  t.not(programOf(starter), 'systemd-socket-', 'a connect would have started it');
  t.match(await ownSceneOf(options), { regions: [{ name: 's', vectors: 3 }], absence: undefined });
  t.strictSame(await found(hidden, { sockets: [socket] }), [], 'and then it is asked');
});

const shmName = `ivshmem-test-running-${process.pid}`;
t.teardown(() => {
  for (const name of [shmName, `${shmName}.lock`]) rmSync(`/dev/shm/${name}`, { force: true });
});

for (const [what, memory] of Object.entries({ own: [], named: ['--shm-name', shmName] })) {
  t.test(
    `one of ${what} memory that cannot lock, in a directory of others, is known by its process`,
    need('socket-activate', 'root'),
    async (t) => {
      const directory = `${temp(t)}/sockets`;
      mkdirSync(directory);
      for (const path of [`${directory}/..`, directory]) chmodSync(path, 0o755);
      const socket = `${directory}/s`;
      const serve = [...ivshmem, 'serve', '--socket', socket, '--vectors', '3', ...memory];
      const listens = ['-l', socket, '-l', `${socket}.host`];
      const command = ['systemd-socket-activate', ...listens, ...asUser(NOBODY), ...serve];
      const starter = new Child(t, command);
      await until('it listens', () => isListening(`${socket}.host`));
      t.strictSame((await ownSceneOf({ sockets: [socket] })).regions, []);
      t.equal(programOf(starter), 'systemd-socket-');
      await new Stranger(t, socket).versions();
      t.match(await ownSceneOf({ sockets: [socket] }), { regions: [{ vectors: 3 }] });
      t.strictSame(await found(hidden, { sockets: [socket] }), []);
    },
  );
}
