// A QEMU with a server that is a process of its own: attached, and left behind.
import { Qemu, type QemuOptions } from './qemu.js';
import { Serve, type ServeOptions } from './serve.js';
import type { Scope } from './temp.js';
import { until } from './until.js';

/** Starts the first QEMU of a server; resolves when it has its memory. */
export async function joinedQemu(t: Scope, serve: Serve, options: QemuOptions): Promise<Qemu> {
  const qemu = new Qemu(t, options);
  await until('it joins', () => serve.logged('join').length > 0);
  await until('it answers', () => qemu.lives());
  return qemu;
}

/** Starts a server at the socket and a QEMU, and kills the server once the QEMU (`as` another user) has its memory. */
export async function leftQemu(
  t: Scope,
  socket: string,
  words: readonly string[],
  { as = [], ...options }: ServeOptions & Pick<QemuOptions, 'as'> = {},
): Promise<Qemu> {
  const serve = await Serve.start(t, ['--socket', socket, ...words], options);
  const qemu = await joinedQemu(t, serve, { socket, as });
  await serve.end('SIGKILL');
  return qemu;
}

/** For a server that has a directory at another path, too. */
export function boundAt(directory: string, other: string): ServeOptions {
  const script = `mount --bind ${directory} ${other}; exec "$@"`;
  return { within: ['unshare', '--mount', 'sh', '-ec', script, 'sh'] };
}
