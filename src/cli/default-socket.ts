// Where a server listens, and a client looks for it, when nobody says where.
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { OptionsError } from '../server/error.js';

/**
 * Root: /run/ivshmem.sock. Others: ivshmem.sock in $XDG_RUNTIME_DIR; without a login session (su, a
 * container) in /run/user/UID, or ivshmem-UID.sock in the directory for temporary files.
 */
export function defaultSocket(): string {
  // Not os.userInfo(): in a container the user often has a number and no name.
  const uid = process.getuid?.() ?? 0;
  if (uid === 0) return '/run/ivshmem.sock';
  const { XDG_RUNTIME_DIR } = process.env;
  if (XDG_RUNTIME_DIR) return path.join(XDG_RUNTIME_DIR, 'ivshmem.sock');
  const session = `/run/user/${uid}`;
  if (existsSync(session)) return path.join(session, 'ivshmem.sock');
  return path.join(tmpdir(), `ivshmem-${uid}.sock`);
}

/** The path of a server's socket, by default where a server would be. */
export function socketPath(text: string | undefined): string {
  if (text !== '') return text ?? defaultSocket();
  throw new OptionsError('socket', 'an empty path is no socket; allowed: 1–107 bytes');
}
