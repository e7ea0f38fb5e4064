// What is said of VMs that a reload could not make what was asked: one line each, with the way to have it.
import t from 'tap';
import type { Log, LogFields } from '../../src/cli/log.js';
import { reloadOnSignal } from '../../src/cli/reload-on-signal.js';
import { Daemon } from '../../src/server/daemon.js';
import { Ledger } from '../helper/ledger.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

t.test('a VM that is attached and one whose socket cannot be are a line each', async (t) => {
  const directory = temp(t);
  const socket = `${directory}/s`;
  const web = { name: 'web', socket: `${directory}/web` };
  const daemon = await Daemon.listen([{ name: 'lab', socket, vms: [web] }]);
  t.teardown(() => daemon.close({ timeoutMs: 0 }));
  await StrictPeer.join(t, web.socket, { vectors: 1, ledger: new Ledger() });

  const lines: [string, LogFields, string][] = [];
  const keep =
    (level: string) =>
    (fields: LogFields, message: string): number =>
      lines.push([level, fields, message]);
  const log = { info: keep('info'), warn: keep('warn'), error: keep('error') };
  const vms = [{ name: 'db', socket: '/nowhere/s' }];
  const read = () => Promise.resolve({ regions: [{ name: 'lab', socket, vms }], problems: [] });
  const before = process.listeners('SIGHUP');
  reloadOnSignal(daemon, read, log as unknown as Log);
  t.teardown(() => {
    for (const listener of process.listeners('SIGHUP'))
      if (!before.includes(listener)) process.off('SIGHUP', listener);
  });
  process.emit('SIGHUP');
  await until('it is done', () => lines.some(([level]) => level === 'info'));
  t.same(lines, [
    [
      'warn',
      { event: 'refused-change', region: 'lab', vm: 'web' },
      `lab: web is attached (peer 0, pid ${process.pid}): it can go when it has left; end it, and reload`,
    ],
    [
      'warn',
      { event: 'refused-change', region: 'lab', vm: 'db' },
      "lab: db: ENOENT: no such file or directory, lstat '/nowhere/s'; put that right, and reload",
    ],
    ['info', { event: 'reload', added: [], removed: [], kept: ['lab'] }, 'reloaded: kept lab'],
  ]);
});
