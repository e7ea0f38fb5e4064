// Rule 1: /run is a file system of the test's own, in a mount namespace in which the command runs.
import t, { type Test } from 'tap';
import { ivshmem, run } from '../helper/command.js';
import { need } from '../helper/need.js';

const CANDIDATES = {
  unit: '/run/ivshmem/control.sock',
  own: '/run/ivshmem-control.sock',
  lab: '/run/ivshmem/lab.control.sock',
  web: '/run/ivshmem/web.control.sock',
} as const;

/** What a command says when there are these, at which nobody listens. */
async function said(t: Test, names: readonly (keyof typeof CANDIDATES)[], ...words: string[]) {
  const paths = names.map((name) => CANDIDATES[name]).join(' ');
  const make = `mount -t tmpfs tmpfs /run; mkdir /run/ivshmem; for f in ${paths}; do : >$f; done`;
  const command = [...ivshmem, ...words].join(' ');
  return run(t, ['unshare', '--mount', 'sh', '-ec', `${make}; exec ${command}`]);
}

t.test(
  'the only instance of the unit is found, and does not hide the others',
  need('root'),
  async (t) => {
    for (const [names, found] of [
      [[], CANDIDATES.unit],
      [['lab'], CANDIDATES.lab],
      [['own', 'lab'], CANDIDATES.own],
      [['unit', 'own', 'lab', 'web'], CANDIDATES.unit],
    ] as const) {
      const { code, stderr } = await said(t, names, 'status');
      t.equal(code, 1);
      t.ok(stderr.startsWith(`ivshmem status: ${found}`), stderr);
    }
  },
);

t.test('of several instances none is guessed: they are named', need('root'), async (t) => {
  const list = `${CANDIDATES.lab}, ${CANDIDATES.web}`;
  const { code, stderr } = await said(t, ['web', 'lab'], 'status');
  t.equal(code, 2);
  t.match(stderr, `ivshmem status: --control: several servers are here: name one of ${list}`);
  const { stdout } = await said(t, ['web', 'lab'], 'doctor', '--json');
  const all = JSON.parse(stdout) as { check: string; message: string }[];
  t.match(
    all.filter(({ check }) => check === 'doorbells'),
    [{ severity: 'note', message: new RegExp(`name one of ${list}`), remedy: /--control/ }],
    'and the doctor looks at the rest',
  );
});
