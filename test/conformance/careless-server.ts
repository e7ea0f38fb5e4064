// A program: a server with the flags of the example server and one defect, which CARELESS names. Without
// one it does what most checks of the kit ask for, so that a defect is found and not something else.
//
// Rule 1: written from the specification and from what users saw of the example server; nothing here
//   comes from `src`, and nothing from QEMU.
import { spawn } from 'node:child_process';
import { chmodSync, constants, ftruncateSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Fd } from '../../native/fd.js';
import {
  bindSocket,
  connectSocket,
  createUnixSocket,
  listenSocket,
} from '../../native/unix-socket.js';
import { isListening } from '../helper/look.js';
import { CarelessRegion } from './careless-region.js';
import { is } from './defect.js';

const value = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const { values } = parseArgs({
  options: {
    help: { ...flag, short: 'h' },
    verbose: { ...flag, short: 'v' },
    foreground: { ...flag, short: 'F' },
    pid: { ...value, short: 'p', default: '/var/run/ivshmem-server.pid' },
    socket: { ...value, short: 'S', default: '/tmp/ivshmem_socket' },
    name: { ...value, short: 'M', default: 'ivshmem' },
    directory: { ...value, short: 'm' },
    size: { ...value, short: 'l', default: '4M' },
    vectors: { ...value, short: 'n', default: '1' },
  },
});
const { O_CREAT, O_RDWR, O_TRUNC } = constants;
const { pid: pidFile, socket } = values;
const shmPath = `/dev/shm/${values.name}`;
const isDaemon = process.env['CARELESS_DAEMON'] === '1';
const units: Readonly<Record<string, number>> = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

if (values.help === true) help();
else if (values.foreground === true || isDaemon) serve();
else startDaemon();

function help(): void {
  console.log(is('terse') ? '-h' : '-h -v -F -p FILE -S SOCKET -M NAME -m DIRECTORY -l SIZE -n N');
  if (is('failing-help')) process.exit(1);
}

function startDaemon(): void {
  const daemon = spawn(process.execPath, process.argv.slice(1), {
    detached: true,
    env: { ...process.env, CARELESS_DAEMON: '1' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (is('early-parent')) process.exit();
  daemon.stdout.once('data', () => process.exit(is('failing-parent') ? 1 : 0));
}

function serve(): void {
  if (is('silent-exit')) process.exit(0);
  const vectors = vectorsOf(values.vectors);
  const sizeBytes = sizeOf(values.size);
  if (is('truncating')) openMemory(1).close();
  if (is('overwriting')) openMemory(sizeBytes).close();
  if (is('unlinking')) rmSync(shmPath, { force: true });
  if (is('probing') && isListening(socket)) connectSocket(socket)?.close();
  if (isListening(socket)) refuse(`${socket} is in use`);
  if (!is('leftover')) rmSync(socket, { force: true });
  const listener = createUnixSocket();
  bindSocket(listener, socket);
  if (is('open-socket')) chmodSync(socket, 0o777);
  const region = new CarelessRegion(openMemory(sizeBytes), vectors, values.verbose === true);
  listenSocket(listener, 128);
  region.serve(listener);
  if (isDaemon && !is('no-pid-file')) {
    writeFileSync(pidFile, `${is('wrong-pid') ? process.ppid : process.pid}\n`);
  }
  if (isDaemon) console.log('ready');
  process.on('SIGTERM', () => {
    if (is('immortal')) return;
    if (is('farewell')) region.dismiss();
    if (!is('untidy')) for (const path of [socket, pidFile, shmPath]) rmSync(path, { force: true });
    process.exit(is('failing-end') ? 1 : 0);
  });
}

function openMemory(sizeBytes: number): Fd {
  const isNamed = values.directory === undefined || is('name-only');
  if (is('open-memory')) process.umask(0);
  const path = isNamed ? shmPath : `${values.directory}/memory`;
  const rawFd = openSync(
    path,
    O_RDWR | O_CREAT | (is('overwriting') ? O_TRUNC : 0),
    is('open-memory') ? 0o666 : 0o600,
  );
  ftruncateSync(rawFd, sizeBytes);
  return new Fd(rawFd);
}

function sizeOf(text: string): number {
  const [, digits, unit = ''] = /^(\d+)([KMG]?)$/.exec(text) ?? [];
  if (digits === undefined && !is('lenient')) refuse(`${text} is no size`);
  const bytes = Number(digits ?? 4096) * (units[unit] ?? 1);
  if (is('exact-size')) return bytes;
  if (!is('int-size')) return 2 ** Math.ceil(Math.log2(Math.max(bytes, 4096)));
  return (bytes | 0) < 0 ? refuse('no such size') : Math.max(bytes | 0, 1);
}

function vectorsOf(text: string): number {
  const vectors = Number(text) > 0 ? Number(text) : 1;
  if (is('few-vectors')) return Math.min(vectors, 16);
  return text === String(vectors) || is('lenient') ? vectors : refuse(`-n ${text}: no`);
}

function refuse(reason: string): never {
  if (!is('mute')) console.error(reason);
  process.exit(1);
}
