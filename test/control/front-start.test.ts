// A front that cannot be started: the server does without it, and tries again.
import { copyFileSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import t from 'tap';
import { Controlled } from '../helper/control.js';
import type { LogLine } from '../helper/serve.js';
import { run } from '../helper/command.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp, type Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

interface Case {
  /** How it is told. */
  readonly message: RegExp;
  readonly prevent: (t: Scope, lab: Controlled, node: string) => unknown;
  readonly allow: (t: Scope, lab: Controlled, node: string) => unknown;
}

const openIn = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;
const limit = (t: Scope, { serve }: Controlled, most: number): Promise<unknown> =>
  run(t, ['prlimit', `--pid=${serve.pid}`, `--nofile=${most}:`]);
const away = (node: string): string => `${dirname(node)}.away`;
const failures = ({ serve }: Controlled): LogLine[] =>
  serve.logged('control').filter(({ level }) => level === 'error');

const cases: Readonly<Record<string, Case>> = {
  'Node was removed': {
    message: /again: spawn .*node ENOENT$/,
    prevent: (_t, _lab, node) => {
      rmSync(node);
    },
    allow: (_t, _lab, node) => {
      copyFileSync(process.execPath, node);
    },
  },
  // An error that Node throws.
  'its directory is something else': {
    message: /again: spawn ENOTDIR$/,
    prevent: (_t, _lab, node) => {
      renameSync(dirname(node), away(node));
      writeFileSync(dirname(node), '');
    },
    allow: (_t, _lab, node) => {
      rmSync(dirname(node));
      renameSync(away(node), dirname(node));
    },
  },
  'no descriptor is left': {
    message: /again: spawn .*node EMFILE$/,
    prevent: (t, lab) => limit(t, lab, openIn(lab.serve.pid)),
    allow: (t, lab) => limit(t, lab, 1_024),
  },
};

for (const [why, { message, prevent, allow }] of Object.entries(cases))
  t.test(`the server lives, and has a front again: ${why}`, async (t) => {
    const node = `${temp(t)}/bin/node`;
    mkdirSync(dirname(node));
    const copied = ['sh', '-c', 'cp "$1" "$0" && shift && exec "$0" "$@"', node];
    const lab = await Controlled.start(t, [], { within: copied });
    const peer = await SocketPeer.join(t, lab.socket, { vectors: 1 });
    await lab.client.status();
    await prevent(t, lab, node);
    process.kill(lab.frontPid, 'SIGKILL');
    await until('it was tried', () => failures(lab).length === 3);
    const open = openIn(lab.serve.pid);
    await until('it was tried again', () => failures(lab).length === 5);
    t.match(failures(lab)[0]?.msg, /again: SIGKILL$/);
    for (const { msg } of failures(lab).slice(1)) t.match(msg, message);
    t.equal(openIn(lab.serve.pid), open, 'and nothing is left open');
    await allow(t, lab, node);
    t.match(await lab.client.status(), { regions: [{ peers: [{ id: 0 }] }] });
    await SocketPeer.join(t, lab.socket, { vectors: 1 });
    await until('the first is told', () => peer.knows(1) === 1);
    t.match(await lab.serve.end('SIGTERM'), { code: 0 });
  });

t.test('so it does when there is none from the start', async (t) => {
  const node = `${temp(t)}/node`;
  const removed = 'cp "$1" "$0" && exec 9<"$0" && rm "$0" && shift && exec /proc/self/fd/9 "$@"';
  const lab = await Controlled.start(t, [], { within: ['sh', '-c', removed, node] });
  await SocketPeer.join(t, lab.socket, { vectors: 1 });
  t.match(failures(lab)[0]?.msg, /again: spawn .* ENOENT$/);
  copyFileSync(process.execPath, `${node} (deleted)`);
  t.match(await lab.client.status(), { regions: [{ peers: [{ id: 0 }] }] });
});
