// packaging/lib as an administrator has it, behind `cp -r … /usr/local/`: what systemd's own tools say of it.
// What the units do, a real systemd says: test/guest/systemd.test.ts.
import { cpSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { run } from '../helper/command.js';
import { installPackage } from '../helper/install-package.js';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';

const root = await installedRoot(t);
const services = ['ivshmem.service', 'ivshmem@lab.service'];
const sockets = ['ivshmem-region@lab.socket', 'ivshmem@lab.socket'];

t.test('systemd has nothing to say against the units', need('systemd'), async (t) => {
  cpSync('/usr/lib/systemd/system', `${root}/usr/lib/systemd/system`, { recursive: true });
  const verify = ['systemd-analyze', 'verify', '--man=no', `--root=${root}`];
  t.match(await run(t, [...verify, ...services, ...sockets]), { code: 0, stderr: '' });
});

t.test('the services are exposed by 2.0 at most', need('systemd'), async (t) => {
  for (const unit of services) {
    const analyze = ['systemd-analyze', 'security', '--offline=true', `--root=${root}`];
    const { stdout } = await run(t, [...analyze, '--no-pager', unit]);
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+) /.exec(stdout) ?? [];
    t.ok(Number(exposure) <= 2, `${unit}: ${exposure}`);
  }
});

t.test('an instance differs only in what it serves', async (t) => {
  const [one, instance] = ['ivshmem.service', 'ivshmem@.service'].map((name) =>
    read(name)
      .replaceAll(/^#.*\n/gm, '')
      .replaceAll(/(^Description=.*) \(%i\)$/gm, '$1')
      .replaceAll('/etc/ivshmem/%i.yaml', '/etc/ivshmem.yaml')
      .replaceAll('/%i.control.sock', '/control.sock'),
  );
  t.equal(instance, one);
});

t.test(
  "no two socket units have a path in common, and all are in a directory of root's",
  async (t) => {
    const paths = sockets.flatMap((unit) =>
      [...read(unit.replace('@lab', '@')).matchAll(/^ListenStream=(.*)$/gm)].map(([, at]) => at),
    );
    t.equal(new Set(paths).size, 4);
    for (const at of paths) t.match(at, /^\/run\/ivshmem-sockets\/[^/]+$/);
  },
);

t.test(
  'its user is in no group but its own, and has the directory of the sockets',
  need('systemd', 'root'),
  async (t) => {
    mkdirSync(`${root}/etc`);
    writeFileSync(`${root}/etc/group`, 'kvm:x:100:\n');
    t.match(await run(t, ['systemd-sysusers', `--root=${root}`]), { code: 0 });
    const [, uid, gid] =
      /^ivshmem:x:(\d+):(\d+):.*:\/usr\/sbin\/nologin$/m.exec(
        readFileSync(`${root}/etc/passwd`, 'latin1'),
      ) ?? [];
    t.equal(readFileSync(`${root}/etc/group`, 'latin1'), `kvm:x:100:\nivshmem:x:${gid}:\n`);
    const tmpfiles = ['systemd-tmpfiles', `--root=${root}`, '--create', 'ivshmem.conf'];
    t.match(await run(t, tmpfiles), { code: 0, stderr: '' });
    t.match(statSync(`${root}/run/ivshmem`), { uid: Number(uid), gid: Number(gid), mode: 0o40755 });
    // Where systemd sets mode and group by path.
    const ofSystemd = statSync(`${root}/run/ivshmem-sockets`);
    t.match(ofSystemd, { uid: 0, gid: 0, mode: 0o40755 });
    t.match(statSync(`${root}/etc/ivshmem`), { uid: 0, gid: 0, mode: 0o40755 });
  },
);

/** A unit's text. */
function read(name: string): string {
  const url = new URL(`../../../packaging/lib/systemd/system/${name}`, import.meta.url);
  return readFileSync(url, 'utf8');
}

/** A root directory that has nothing but the package. */
async function installedRoot(t: Test): Promise<string> {
  const root = temp(t);
  const local = await installPackage(`${root}/usr/local`);
  const packaging = `${local}/lib/node_modules/ivshmem/packaging`;
  cpSync(`${packaging}/lib`, `${local}/lib`, { recursive: true });
  return root;
}
