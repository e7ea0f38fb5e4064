// A server that hands out a pipe that nobody reads for the doorbell of peer 1: no server may.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import t from 'tap';
import { ringEventfd } from '../../../native/eventfd.js';
import { Fd } from '../../../native/fd.js';
import { runPeer, StayingPeer } from '../../helper/peer-command.js';
import { ScriptServer } from '../../helper/script-server.js';
import { temp, type Scope } from '../../helper/temp.js';

const complaint = (name: string): RegExp =>
  new RegExp(
    `ivshmem peer ${name}: vector 0 of peer 1 cannot be rung: EPIPE: .*; its server .*\n$`,
  );

for (const name of ['ring', 'ping'] as const) {
  t.test(`${name}: a doorbell that cannot be written is no end of the reader`, async (t) => {
    const server = new ScriptServer(t);
    const words = name === 'ring' ? ['ring', '1', '0'] : ['ping', '1', '--count', '1'];
    const ended = runPeer(t, server.socket, ...words);
    await welcome(t, server);
    t.match(await ended, { code: 1, stdout: '', stderr: complaint(name) });
  });
}

t.test('echo: an answer that cannot be rung ends it with 1 and one line', async (t) => {
  const server = new ScriptServer(t);
  const echo = new StayingPeer(t, server.socket, 'echo');
  await welcome(t, server);
  await echo.printed(1);
  ringEventfd(server.doorbells[0], 0xb5_0001_5a3c7);
  const { code, stderr } = await echo.exit;
  t.equal(code, 1);
  t.match(stderr, complaint('echo'));
  t.equal(stderr.split('\n').length, 3, 'no stack');
});

/** The command is peer 0, and joins with one vector. */
async function welcome(t: Scope, server: ScriptServer): Promise<void> {
  const { memory, doorbells } = server;
  await server.serve([
    ['0000000000000000'],
    ['0000000000000000'],
    ['ffffffffffffffff', memory],
    ['0100000000000000', unreadPipe(t)],
    ['0000000000000000', doorbells[0]],
  ]);
}

function unreadPipe(t: Scope): Fd {
  const path = `${temp(t)}/pipe`;
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = new Fd(openSync(path, 'w'));
  closeSync(reader);
  t.teardown(() => fd.close());
  return fd;
}
