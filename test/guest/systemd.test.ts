// docs/operating.md, followed on a machine of Debian's systemd from npm to a running unit; and what the unit does.
//
// Rule 1: one guest, one story: each test begins where the one before it ended.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import type { Guest } from '../helper/guest.js';
import { need, systemdGuests } from '../helper/need.js';
import { bootSystemd, follow } from '../helper/systemd-guest.js';

const page = readFileSync(
  fileURLToPath(new URL('../../../docs/operating.md', import.meta.url)),
  'utf8',
);

/** The commands of a section, one block for each, as they stand there. */
function section(title: string): string[] {
  const [, text = ''] = page.split(`\n## ${title}\n`);
  const [own = ''] = text.split('\n## ');
  return [...own.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
}

// The page has them all, and each is followed below.
const titles = [...page.matchAll(/^## (.*)$/gm)].map(([, title = '']) => title);
const followed = new Set<string>();

const handedOver = '/var/lib/prometheus/node-exporter/ivshmem.prom';

// The test does not wait for half a minute.
const hurry = `
useradd --system --groups ivshmem other
mkdir -p /etc/systemd/system/ivshmem.service.d
printf '[Service]\\nWatchdogSec=10\\n' > /etc/systemd/system/ivshmem.service.d/watchdog.conf
systemctl daemon-reload`;

// What the server asks of a QEMU, it asks by its name and its command line.
const qemu = `
cat > /tmp/join.mjs <<'JS'
import { connect } from 'node:net';
connect('/run/ivshmem/desk.sock').once('data', (bytes) => {
  console.log(Number(bytes.readBigInt64LE()));
  process.exit();
});
JS
cp "$(command -v node)" /tmp/qemu-system-x86_64`;
const startQemu = `
sudo -u other /tmp/qemu-system-x86_64 /tmp/join.mjs \\
  -chardev socket,path=/run/ivshmem/desk.sock,id=c -device ivshmem-doorbell,chardev=c,vectors=8`;

// The unit may do what it takes to look at the QEMUs of others, from its next start on.
const mayLook = `
cat > /etc/systemd/system/ivshmem.service.d/guard.conf <<'UNIT'
[Service]
CapabilityBoundingSet=CAP_SYS_PTRACE CAP_SYS_RESOURCE
AmbientCapabilities=CAP_SYS_PTRACE CAP_SYS_RESOURCE
UNIT
systemctl daemon-reload`;

const hang = `
kill -STOP "$(systemctl show ivshmem --value -p MainPID)"
until [[ $(systemctl show ivshmem --value -p NRestarts) == 1 ]]; do sleep 0.2; done
until systemctl -q is-active ivshmem; do sleep 0.2; done
journalctl -u ivshmem -o cat | grep Watchdog`;

const wrongReload = `
cp /etc/ivshmem.yaml /tmp/right.yaml
sed -i 's/vectors: 2/vectors: 3/' /etc/ivshmem.yaml
systemctl reload ivshmem || { journalctl -u ivshmem -o cat | tail -n 5; cp /tmp/right.yaml /etc/ivshmem.yaml; false; }`;

const instance = `
echo 'regions: { lab: { socket: /run/ivshmem-sockets/ivshmem@lab.sock, size: 1M } }' > /etc/ivshmem/lab.yaml
systemctl start ivshmem@lab.socket ivshmem@lab
ls /run/ivshmem-sockets
systemctl stop ivshmem@lab.socket ivshmem@lab`;

// As a QEMU waits: until it is served, or its connection ends.
const waitThere = 'curl -s --max-time 110 --unix-socket /run/ivshmem-sockets/lab.sock http://lab';
// What ten starts in a row do, two do, too.
const loop = `
printf '[Unit]\\nStartLimitBurst=2\\n' > /etc/systemd/system/ivshmem.service.d/burst.conf
systemctl daemon-reload
systemctl reset-failed 'ivshmem*'
${waitThere} || echo "ended: $?"`;

// What the user of the server could do to a socket of systemd's that systemd is about to set the mode of.
const replace = 'sudo -u ivshmem mv /run/ivshmem-sockets/lab.sock /run/ivshmem-sockets/lab';

const lab = '--socket /run/ivshmem/lab.sock';

t.test('a guest with systemd', need(...systemdGuests, 'unix-dgram'), async (t) => {
  const guest = await bootSystemd(t, 'systemd');

  await t.test('boots, and nothing failed', async (t) => {
    t.equal(await guest.do('systemctl is-system-running'), 'running\n');
  });

  await t.test('an administrator installs, configures and starts the unit', async (t) => {
    await read(t, guest, 'Install');
    await does(t, guest, hurry);
    t.match(await read(t, guest, 'Describe regions'), /^lab .*\bweb, db$/m);
    t.equal(await does(t, guest, 'systemd-analyze verify --man=no ivshmem.service'), '');
    t.match(await read(t, guest, 'Start'), /2 regions, 0 peers/);
    const unit = await shown(guest, ['Type', 'ActiveState', 'StatusText', 'NRestarts']);
    t.same(unit, ['notify', 'active', '2 regions, 0 peers', '0']);
  });

  await t.test(
    'the server is its own user, with the limits of the unit and no rights',
    async (t) => {
      const [pid] = await shown(guest, ['MainPID']);
      const proc = await guest.do(`cd /proc/${pid}; cat limits status oom_score_adj; cd`);
      t.match(proc, /^Max open files +524288 +524288 /m);
      t.match(proc, /^CapBnd:\t0+$/m);
      t.match(proc, /^NoNewPrivs:\t1$/m);
      t.match(proc, /^-900$/m);
      const owners = await guest.do(`stat -c %U:%G /proc/${pid} /dev/shm/desk`);
      t.equal(owners, 'ivshmem:ivshmem\n'.repeat(2));
      const network = await guest.do(
        `stat -Lc %i /proc/1/ns/net /proc/${pid}/ns/net | uniq | wc -l`,
      );
      t.equal(network, '1\n', 'where doctor looks for sockets');
    },
  );

  await t.test('it knows who connects: a VM by its user, and who is let in', async (t) => {
    await does(t, guest, `sudo -u web ivshmem peer write 0 hello ${lab}`);
    await does(t, guest, `sudo -u db ivshmem peer write 0 jello --as-vm ${lab}`);
    const { code, output } = await follow(guest, `sudo -u other ivshmem peer read 0 5 ${lab}`);
    t.equal(code, 1);
    t.match(output, /-13 EACCES/);
    t.equal(await does(t, guest, `ivshmem peer read 0 5 --raw ${lab}`), 'jello');
    const log = await guest.do('journalctl -u ivshmem -o cat');
    t.match(log, /"region":"lab","event":"join",.*"isHost":false,"name":"db"/);
    t.match(log, /"region":"lab","event":"refuse","reason":"access"/);
  });

  await t.test('the administrator asks what VMs need, who is there, and for metrics', async (t) => {
    t.match(
      await read(t, guest, 'Give it to VMs'),
      /-chardev socket,path=\/run\/ivshmem\/lab\.sock/,
    );
    const told = await read(t, guest, 'See who is there');
    t.match(told, /^region lab: 1M memfd, vectors 2, peers 0 /m);
    t.match(told, /^ {2}away: web \(peer 0\), db \(peer 2\)$/m);
    t.match(await read(t, guest, 'Metrics'), /^ivshmem_joins_total\{region="lab"\} [1-9]/m);
    await does(t, guest, `until test -s ${handedOver}; do sleep 0.2; done`);
    await does(t, guest, 'systemctl disable --now ivshmem-metrics.timer');
  });

  await t.test('a reload serves what is new in the file', async (t) => {
    t.match(await read(t, guest, 'Change regions while VMs are attached'), /^region table: 1M/m);
    t.same(await shown(guest, ['ActiveState', 'StatusText']), ['active', '3 regions, 0 peers']);
    const { code, output } = await follow(guest, wrongReload);
    t.not(code, 0, 'and one that cannot be done fails');
    t.match(output, /vectors stays 2, and does not become 3/);
  });

  await t.test('a server that hangs is ended, and started again', async (t) => {
    await does(t, guest, qemu);
    t.equal(await does(t, guest, startQemu), '0\n', 'a QEMU of another user is not looked at');
    await does(t, guest, mayLook);
    t.match(await does(t, guest, hang), /Watchdog timeout/);
    t.same(await shown(guest, ['ActiveState', 'StatusText']), ['active', '3 regions, 0 peers']);
    t.equal(await does(t, guest, startQemu), '-22\n', 'but is with the right to');
  });

  await t.test('stopped it leaves no socket, and the memory that has a name', async (t) => {
    await does(t, guest, 'systemctl stop ivshmem');
    t.same(await shown(guest, ['ActiveState', 'Result']), ['inactive', 'success']);
    t.equal(await guest.do('ls /run/ivshmem /dev/shm'), '/dev/shm:\ndesk\n\n/run/ivshmem:\n');
    t.not((await follow(guest, 'systemctl start ivshmem-metrics')).code, 0);
    await does(t, guest, `test ! -e ${handedOver}`);
  });

  await t.test('who connects to a socket of systemd starts it, and is served', async (t) => {
    await read(t, guest, 'Sockets that systemd opens');
    t.same(await shown(guest, ['ActiveState']), ['inactive']);
    t.equal(
      await guest.do('stat -c "%a %U:%G" /run/ivshmem-sockets/* /run/ivshmem-sockets'),
      `${'660 root:ivshmem\n'.repeat(2)}755 root:root\n`,
    );
    // It sees what no HTTP server says.
    const { output } = await follow(guest, `${waitThere} || echo "ended: $?"`);
    t.match(output, /^ended: 1$/m);
    t.same(await shown(guest, ['ActiveState']), ['active']);
    const there = '--socket /run/ivshmem-sockets/lab.sock';
    await does(t, guest, `sudo -u web ivshmem peer write 0 hello --as-vm ${there}`);
    await does(t, guest, 'systemctl stop ivshmem; test -S /run/ivshmem-sockets/lab.sock');
  });

  await t.test("the server's user can put nothing in the place of such a socket", async (t) => {
    const { code, output } = await follow(guest, replace);
    t.not(code, 0);
    t.match(output, 'Permission denied');
  });

  await t.test('an instance serves a file of its own, on sockets of its own', async (t) => {
    const names = ['ivshmem@lab.sock', 'lab.sock'].flatMap((name) => [name, `${name}.host`]);
    t.equal(await does(t, guest, instance), `${names.join('\n')}\n`);
  });

  await t.test('a wrong file ends the unit, and is not tried again', async (t) => {
    const wrong = 'cp /etc/ivshmem.yaml /tmp/right.yaml; echo "regions: 1" > /etc/ivshmem.yaml';
    t.equal((await follow(guest, `${wrong}; systemctl start ivshmem`)).code, 1);
    const unit = await shown(guest, ['ActiveState', 'ExecMainStatus', 'NRestarts']);
    t.same(unit, ['failed', '2', '0']);
  });

  await t.test('who waits at a socket has it tried again, but not for ever', async (t) => {
    t.match(await does(t, guest, loop), /^ended: 56$/m);
    const [result] = await shown(guest, ['Result'], 'ivshmem-region@lab.socket');
    t.equal(result, 'service-start-limit-hit');
    t.same(await shown(guest, ['ActiveState', 'ExecMainStatus']), ['failed', '2']);
  });

  await t.test('the administrator has it back, with the sockets', async (t) => {
    await does(t, guest, 'cp /tmp/right.yaml /etc/ivshmem.yaml');
    await read(t, guest, 'When it does not start');
    t.same(await shown(guest, ['ActiveState']), ['active']);
    t.equal(
      await guest.do('stat -c "%a %U:%G" /run/ivshmem-sockets/lab.sock'),
      '660 root:ivshmem\n',
    );
  });

  await t.test('all commands of the page were followed', async (t) => {
    t.same(
      titles.filter((title) => section(title).length > 0 && !followed.has(title)),
      [],
    );
  });
});

/** Follows a section of the page. */
async function read(t: Test, guest: Guest, title: string): Promise<string> {
  followed.add(title);
  let output = '';
  for (const block of section(title)) output += await does(t, guest, block);
  return output;
}

/** Gives what a block printed; it has to succeed. */
async function does(t: Test, guest: Guest, block: string): Promise<string> {
  const { code, output } = await follow(guest, block);
  t.equal(code, 0, `${block}\n${output}`);
  return output;
}

/** Properties of a unit, in the order asked for. */
async function shown(guest: Guest, names: readonly string[], of = 'ivshmem'): Promise<string[]> {
  const text = await guest.do(`systemctl show ${of} -p ${names.join(',')}`);
  const values = new Map(
    text.split('\n').map((line) => line.split(/=(.*)/, 2) as [string, string]),
  );
  return names.map((name) => values.get(name) ?? '');
}
