// A QEMU that a dead server has left behind.
import { Qemu, type QemuOptions } from './qemu.js';
import { Serve, type ServeOptions } from './serve.js';
import type { Scope } from './temp.js';
import { until } from './until.js';

/** Starts a server at the socket and a QEMU, and kills the server once the QEMU (`as` another user) has its memory. */
export async function leftQemu(
  t: Scope,
  socket: string,
  words: readonly string[],
  { as = [], ...options }: ServeOptions & Pick<QemuOptions, 'as'> = {},
): Promise<Qemu> {
  const serve = await Serve.start(t, ['--socket', socket, ...words], options);
  const qemu = new Qemu(t, { socket, as });
  await until('it joins', () => serve.logged('join').length > 0);
  await until('it answers', () => qemu.lives());
  await serve.end('SIGKILL');
  return qemu;
}

/** For a server that has a directory at another path, too. */
export function boundAt(directory: string, other: string): ServeOptions {
  const script = `mount --bind ${directory} ${other}; exec "$@"`;
  return { within: ['unshare', '--mount', 'sh', '-ec', script, 'sh'] };
}
