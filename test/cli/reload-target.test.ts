// Which server is reloaded when nobody says, of real ones at the default places.
//
// Rule 1: /run is a directory of the test's own, in a mount namespace in which servers and command run.
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { asUser } from '../helper/as-user.js';
import { ivshmem, run, type Ended } from '../helper/command.js';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';

const USER = 1_234;
const UNIT = '/run/ivshmem/control.sock';

// Words are those of a server and of what goes before it. All end with the shell.
const script = `
mount --bind "$1" /run; mkdir -m 755 /run/ivshmem /run/user; mkdir -m 700 /run/user/${USER}
chmod 755 /run; chown ${USER} /run/user/${USER}
serve() { setpriv --pdeathsig KILL "$@" 2>/dev/null & }
wait_for() { for s; do until test -S $s; do sleep 0.05; done; done; }
`;

interface Scene {
  /** The region of the unit's server, whose control socket is where units have it. */
  readonly unit?: string;
  /** What the user's own configuration says. */
  readonly own?: { readonly text: string; readonly sockets: readonly string[] };
  readonly uid: number;
  /** A line that runs before the command. */
  readonly before?: string;
}

/** What \`ivshmem reload\` says, as this user. */
async function reloaded(
  t: Test,
  { unit, own, uid, before = '' }: Scene,
  ...words: string[]
): Promise<Ended> {
  const directory = temp(t);
  chmodSync(directory, 0o755);
  const as = uid === 0 ? [] : [...asUser(uid), 'env', `XDG_RUNTIME_DIR=/run/user/${uid}`];
  const lines = [script];
  const server = (
    name: string,
    text: string,
    before: readonly string[],
    sockets: readonly string[],
  ) => {
    const file = `${directory}/${name}.yaml`;
    writeFileSync(file, text);
    chownSync(file, uid, uid);
    lines.push(`serve ${[...before, ...ivshmem].join(' ')} serve --config ${file}`);
    lines.push(`wait_for ${sockets.join(' ')}`);
  };
  if (unit !== undefined)
    server('unit', `control: ${UNIT}\nregions: { unit: { socket: ${unit} } }\n`, [], [UNIT, unit]);
  if (own) server('own', own.text, as, own.sockets);
  lines.push(
    before,
    `${[...as, ...ivshmem, 'reload', ...words].join(' ')} && code=0 || code=$?; exit $code`,
  );
  return run(t, ['unshare', '--mount', 'sh', '-ec', lines.join('\n'), 'sh', temp(t)]);
}

const OWN = `/run/user/${USER}/ivshmem.sock`;
const own = { text: `regions: { own: { socket: ${OWN} } }\n`, sockets: [OWN] };

t.test("an ordinary user's own server goes before the unit's", need('root'), async (t) => {
  const control = OWN.replace('.sock', '-control.sock');
  const withControl = { text: `control: ${control}\n${own.text}`, sockets: [OWN, control] };
  for (const mine of [own, withControl])
    t.match(await reloaded(t, { unit: '/run/ivshmem/lab.sock', own: mine, uid: USER }), {
      code: 0,
      stdout: 'reloaded: kept own\n',
    });
  const { code, stderr } = await reloaded(t, { unit: '/run/ivshmem/lab.sock', uid: USER });
  t.match(
    { code, stderr },
    { code: 1, stderr: `${UNIT}: EACCES` },
    'without one the unit is meant',
  );
});

t.test("a stranger's control socket is nobody's own", need('root'), async (t) => {
  const control = OWN.replace('.sock', '-control.sock');
  const listen = `require("net").createServer().listen("${control}")`;
  const strange = [...asUser(USER + 1), process.execPath, '-e', `'${listen}'`].join(' ');
  const before = `chmod 1777 /run/user/${USER}; serve ${strange}; wait_for ${control}`;
  t.match(await reloaded(t, { own, uid: USER, before }), {
    code: 0,
    stdout: 'reloaded: kept own\n',
  });
});

t.test('of two servers of root none is guessed', need('root'), async (t) => {
  const socket = '/run/ivshmem.sock';
  const other = { text: `regions: { own: { socket: ${socket} } }\n`, sockets: [socket] };
  const scene: Scene = { unit: '/run/ivshmem/lab.sock', own: other, uid: 0 };
  t.match(await reloaded(t, scene), {
    code: 2,
    stderr: `--control: several servers are here: name one, by --control ${UNIT} or by --socket ${socket}`,
  });
  t.match(await reloaded(t, scene, '--socket', socket), { stdout: 'reloaded: kept own\n' });
  t.match(await reloaded(t, scene, '--control', UNIT), { stdout: 'reloaded: kept unit\n' });
});

t.test('one server that has both sockets is one', need('root'), async (t) => {
  t.match(await reloaded(t, { unit: '/run/ivshmem.sock', uid: 0 }), {
    code: 0,
    stdout: 'reloaded: kept unit\n',
  });
});
