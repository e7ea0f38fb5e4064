// Memory with a name: POSIX shared memory or a file, that others find and that outlives the server.
//
// Rule 1: an object that exists is never resized and never emptied, whoever made it: VMs of a dead
//         server may be living on it. It is adopted at equal size, or refused. (An empty one gets
//         its size: nobody can live on nothing.) Not even a label is written into it.
// Rule 2: "in use" is a lock on a file beside it, not on a descriptor that peers receive.
import {
  existsSync,
  fchownSync,
  fstatSync,
  realpathSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs';
import path from 'node:path';
import type { Fd } from '../../native/fd.js';
import {
  openFile,
  openShm,
  resizeMemory,
  unlinkShm,
  type OpenedMemory,
} from '../../native/memory.js';
import { ServerError } from './error.js';
import { checkLabel } from './label.js';
import { LockFile } from './lock-file.js';
import type { RegionMemory } from './memory.js';
import type { CheckedOptions } from './options.js';
import {
  allocateAll,
  allocateAtOnce,
  checkHugePages,
  fillMemory,
  prepareMemory,
  setOwner,
} from './prepare-memory.js';
import { checkRoom, roomInDirectory } from './room.js';
import { formatSize } from './size.js';

const SHM_DIRECTORY = '/dev/shm';

/** A POSIX shared memory object. */
export async function openNamedShm(
  shmName: string,
  options: CheckedOptions,
): Promise<RegionMemory> {
  const name = `/${shmName.replace(/^\//, '')}`;
  return openNamed({
    kind: 'shm',
    path: path.join(SHM_DIRECTORY, name),
    options,
    open: () => openShm(name, 0o600),
    unlink: () => {
      try {
        unlinkShm(name);
      } catch (error) {
        // Somebody was faster.
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    },
  });
}

/** A file. */
export async function openNamedFile(given: string, options: CheckedOptions): Promise<RegionMemory> {
  // The process may change its directory.
  const file = path.resolve(given);
  checkHugePages(path.dirname(file), options.size);
  return openNamed({
    kind: 'file',
    path: file,
    options,
    open: () => openFile(file, 0o600),
    unlink: () => {
      rmSync(file, { force: true });
    },
  });
}

interface Named {
  readonly kind: 'shm' | 'file';
  readonly path: string;
  readonly options: CheckedOptions;
  readonly open: () => OpenedMemory;
  readonly unlink: () => void;
}

async function openNamed({
  kind,
  path: file,
  options,
  open,
  unlink,
}: Named): Promise<RegionMemory> {
  // Through a symbolic link a file is the same memory; shm_open follows none.
  const isLinked = kind === 'file' && existsSync(file);
  const lock = LockFile.acquire(isLinked ? realpathSync(file) : file);
  if (!(lock instanceof LockFile)) {
    const holder = lock.holderPid === undefined ? 'another process' : `process ${lock.holderPid}`;
    throw new ServerError(
      'ERR_IVSHMEM_MEMORY_IN_USE',
      file,
      `${file} is the memory of a living server (${holder}); give this one another name, or stop that one`,
    );
  }
  try {
    const { fd, isNew } = open();
    if (isNew) await makeNew(fd, file, options, unlink);
    else await adopt(fd, file, options);
    const giveTo = (uid: number): void => {
      if (isNew) fchownSync(fd.rawFd, uid, -1);
      lock.giveTo(uid);
    };
    const close = (): void => {
      fd.close();
      lock.close();
    };
    const { size } = options;
    return { fd, kind, sizeBytes: size, path: file, isAdopted: !isNew, giveTo, unlink, close };
  } catch (error) {
    lock.close();
    throw error;
  }
}

async function makeNew(
  fd: Fd,
  file: string,
  options: CheckedOptions,
  unlink: () => void,
): Promise<void> {
  const directory = path.dirname(file);
  try {
    checkRoom(options.size, roomInDirectory(directory), directory);
    await prepareMemory(fd, options, directory, () => {
      setOwner(fd, options);
    });
  } catch (error) {
    fd.close();
    unlink();
    throw error;
  }
}

async function adopt(fd: Fd, file: string, options: CheckedOptions): Promise<void> {
  const sizeBytes = options.size;
  try {
    const status = fstatSync(fd.rawFd);
    if (!status.isFile()) {
      throw new ServerError('ERR_IVSHMEM_NOT_A_FILE', file, `${file} is no regular file`);
    }
    checkOwner(file, status.uid);
    if (status.nlink > 1) {
      throw new ServerError(
        'ERR_IVSHMEM_MEMORY_IN_USE',
        file,
        `${file} has ${status.nlink} names (hard links): whether a server lives on another cannot be known`,
      );
    }
    if (status.size !== sizeBytes && status.size !== 0) {
      throw new ServerError(
        'ERR_IVSHMEM_MEMORY_SIZE',
        file,
        `${file} exists with ${formatSize(status.size)}, not ${formatSize(sizeBytes)}, and is left as it is: ` +
          'VMs may be living on it; give its size, or another name, or remove it',
      );
    }
    if (status.size !== 0) checkLabel(fd, file, options);
    await allocateRest(fd, file, options, status);
  } catch (error) {
    fd.close();
    throw error;
  }
}

// A sparse object may need room yet, and is left as it was where there is not enough. On an empty one nobody can
// live: a server died between making it and giving it its size.
async function allocateRest(
  fd: Fd,
  file: string,
  options: CheckedOptions,
  status: Stats,
): Promise<void> {
  const directory = path.dirname(file);
  const { size, blocks } = status;
  checkRoom(Math.max(0, options.size - blocks * 512), roomInDirectory(directory), directory);
  try {
    if (size === 0) await fillMemory(fd, options, directory);
    else if (blocks * 512 < options.size) allocateAtOnce(fd, options, directory);
    else await allocateAll(fd, options, directory);
  } catch (error) {
    if (size === 0) resizeMemory(fd, 0);
    throw error;
  }
}

// Where everybody may make files (/dev/shm, /tmp), a name that a stranger took first would be a memory
// that the stranger can truncate, and a guest dies of that.
function checkOwner(file: string, uid: number): void {
  const STICKY_AND_OPEN = 0o1002;
  const isOpenToAll = (statSync(path.dirname(file)).mode & STICKY_AND_OPEN) === STICKY_AND_OPEN;
  if (!isOpenToAll || uid === 0 || uid === process.geteuid?.()) return;
  throw new ServerError(
    'ERR_IVSHMEM_MEMORY_OWNER',
    file,
    `${file} belongs to user ${uid}, who could truncate it under every VM; ` +
      'give another name, or one in a directory of your own',
  );
}
