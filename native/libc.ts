// The one door to libc: every kernel call of the house goes through this record.
//
// Rule 1: each entry is the bare function of the man page: no policy, no retry, no error handling.
// Rule 2: structures are laid out by hand for 64-bit little-endian Linux, checked once here.
// Rule 3: callers read `libc.x` at the moment of the call and never keep the function: a test
//         may put a failing one in its place to see what the program does with the failure.
import os from 'node:os';
import koffi from 'koffi';

if (os.platform() !== 'linux' || os.endianness() !== 'LE' || koffi.sizeof('void *') !== 8) {
  throw new Error(
    `ivshmem needs 64-bit little-endian Linux, this is ${os.platform()} ${os.arch()}`,
  );
}

// Symbols of the running process: no library path, glibc and musl alike.
const process = koffi.load(null);

/** The address of native memory, as koffi passes pointers by value. */
export type Address = bigint;

/** Linux, one entry per call used. The type of each is its man page's synopsis. */
export const libc = {
  /** https://man7.org/linux/man-pages/man2/close.2.html */
  close: process.func('int close(int)') as (fd: number) => number,
  /** https://man7.org/linux/man-pages/man2/poll.2.html */
  poll: process.func('int poll(uintptr_t, ulong, int)') as (
    fds: Address,
    count: number,
    timeoutMs: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/eventfd.2.html */
  eventfd: process.func('int eventfd(uint, int)') as (initial: number, flags: number) => number,
  /** glibc's, and musl's: https://man7.org/linux/man-pages/man2/eventfd.2.html */
  eventfd_write: process.func('int eventfd_write(int, uint64_t)') as (
    fd: number,
    value: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/read.2.html */
  read: process.func('intptr_t read(int, uintptr_t, size_t)') as (
    fd: number,
    data: Address,
    length: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/preadv2.2.html */
  preadv2: process.func('intptr_t preadv2(int, uintptr_t, int, int64_t, int)') as (
    fd: number,
    iov: number,
    count: number,
    offset: number,
    flags: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/socket.2.html */
  socket: process.func('int socket(int, int, int)') as (
    domain: number,
    type: number,
    protocol: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/socketpair.2.html */
  socketpair: process.func('int socketpair(int, int, int, uintptr_t)') as (
    domain: number,
    type: number,
    protocol: number,
    pair: Address,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/bind.2.html */
  bind: process.func('int bind(int, uintptr_t, uint)') as (
    fd: number,
    address: Address,
    length: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/listen.2.html */
  listen: process.func('int listen(int, int)') as (fd: number, backlog: number) => number,
  /** https://man7.org/linux/man-pages/man2/accept.2.html */
  accept4: process.func('int accept4(int, uintptr_t, uintptr_t, int)') as (
    fd: number,
    address: Address,
    length: Address,
    flags: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/connect.2.html */
  connect: process.func('int connect(int, uintptr_t, uint)') as (
    fd: number,
    address: Address,
    length: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/getpeername.2.html */
  getpeername: process.func('int getpeername(int, uintptr_t, uintptr_t)') as (
    fd: number,
    address: Address,
    length: Address,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/getsockname.2.html */
  getsockname: process.func('int getsockname(int, uintptr_t, uintptr_t)') as (
    fd: number,
    address: Address,
    length: Address,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/shutdown.2.html */
  shutdown: process.func('int shutdown(int, int)') as (fd: number, how: number) => number,
  /** https://man7.org/linux/man-pages/man2/getsockopt.2.html */
  getsockopt: process.func('int getsockopt(int, int, int, uintptr_t, uintptr_t)') as (
    fd: number,
    level: number,
    name: number,
    value: Address,
    length: Address,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/ioctl.2.html */
  ioctl: process.func('int ioctl(int, ulong, uintptr_t)') as (
    fd: number,
    request: number,
    argument: Address,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/send.2.html */
  send: process.func('intptr_t send(int, uintptr_t, size_t, int)') as (
    fd: number,
    data: Address,
    length: number,
    flags: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/recv.2.html */
  recv: process.func('intptr_t recv(int, uintptr_t, size_t, int)') as (
    fd: number,
    data: Address,
    length: number,
    flags: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/sendmmsg.2.html */
  sendmmsg: process.func('int sendmmsg(int, uintptr_t, uint, int)') as (
    fd: number,
    messages: Address,
    count: number,
    flags: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/recvmsg.2.html */
  recvmsg: process.func('intptr_t recvmsg(int, uintptr_t, int)') as (
    fd: number,
    message: Address,
    flags: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/memfd_create.2.html */
  memfd_create: process.func('int memfd_create(const char *, uint)') as (
    name: string,
    flags: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man3/shm_open.3.html */
  shm_open: process.func('int shm_open(const char *, int, uint)') as (
    name: string,
    flags: number,
    mode: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man3/shm_unlink.3.html */
  shm_unlink: process.func('int shm_unlink(const char *)') as (name: string) => number,
  /** https://man7.org/linux/man-pages/man2/open.2.html */
  open: process.func('int open(const char *, int, uint)') as (
    path: string,
    flags: number,
    mode: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/ftruncate.2.html */
  ftruncate: process.func('int ftruncate64(int, int64_t)') as (
    fd: number,
    sizeBytes: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/fallocate.2.html */
  fallocate: process.func('int fallocate64(int, int, int64_t, int64_t)') as (
    fd: number,
    mode: number,
    offset: number,
    sizeBytes: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/mmap.2.html */
  mmap: process.func('intptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)') as (
    address: Address,
    length: number,
    protection: number,
    flags: number,
    fd: number,
    offset: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/munmap.2.html */
  munmap: process.func('int munmap(uintptr_t, size_t)') as (
    address: Address,
    length: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/fcntl.2.html */
  fcntl: process.func('int fcntl(int, int, intptr_t)') as (
    fd: number,
    command: number,
    argument: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/dup.2.html */
  dup3: process.func('int dup3(int, int, int)') as (
    oldFd: number,
    newFd: number,
    flags: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/flock.2.html */
  flock: process.func('int flock(int, int)') as (fd: number, operation: number) => number,
  /** https://man7.org/linux/man-pages/man3/getgrnam.3.html */
  getgrnam: process.func('void *getgrnam(const char *)') as (name: string) => Address | null,
  /** https://man7.org/linux/man-pages/man3/getpwuid.3.html */
  getpwuid: process.func('void *getpwuid(uint)') as (uid: number) => Address | null,
  /** https://man7.org/linux/man-pages/man3/getpwnam.3.html */
  getpwnam: process.func('void *getpwnam(const char *)') as (name: string) => Address | null,
  /** https://man7.org/linux/man-pages/man2/getpagesize.2.html */
  getpagesize: process.func('int getpagesize()') as () => number,
  /** https://man7.org/linux/man-pages/man2/prlimit.2.html */
  prlimit: process.func('int prlimit(int, int, uintptr_t, uintptr_t)') as (
    pid: number,
    resource: number,
    newLimit: Address,
    oldLimit: Address,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/prctl.2.html */
  prctl: process.func('int prctl(int, ulong)') as (operation: number, value: number) => number,
  /** https://man7.org/linux/man-pages/man3/dlsym.3.html */
  dlsym: process.func('intptr_t dlsym(intptr_t, const char *)') as (
    handle: number,
    symbol: string,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/gettid.2.html */
  gettid: process.func('int gettid()') as () => number,
  /** https://man7.org/linux/man-pages/man2/sigaction.2.html */
  sigaction: process.func('int sigaction(int, uintptr_t, uintptr_t)') as (
    signal: number,
    action: Address,
    oldAction: Address,
  ) => number,
  /** https://man7.org/linux/man-pages/man3/pthread_sigmask.3.html */
  pthread_sigmask: process.func('int pthread_sigmask(int, uintptr_t, uintptr_t)') as (
    how: number,
    signals: Address,
    oldSignals: Address,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/timer_create.2.html */
  timer_create: process.func('int timer_create(int, uintptr_t, uintptr_t)') as (
    clock: number,
    event: Address,
    timer: Address,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/timer_settime.2.html */
  timer_settime: process.func('int timer_settime(uintptr_t, int, uintptr_t, uintptr_t)') as (
    timer: number,
    flags: number,
    value: number,
    oldValue: number,
  ) => number,
  /** https://man7.org/linux/man-pages/man2/timer_delete.2.html */
  timer_delete: process.func('int timer_delete(uintptr_t)') as (timer: number) => number,
};

/** A null pointer. */
export const NULL: Address = 0n;

/**
 * Where `memory` lies. It stays there as long as the caller references it: an ArrayBuffer's
 * store does not move (a small typed array made without one would).
 */
export function addressOf(memory: ArrayBuffer): Address {
  return koffi.address(new Uint8Array(memory));
}

const kept: DataView[] = [];

/**
 * Memory for as long as the process lives. A module-level ArrayBuffer would not do: one that only its
 * address refers to is collected, and the kernel writes into what lies there next.
 */
export function staticMemory(sizeBytes: number): { view: DataView; address: Address } {
  const view = new DataView(new ArrayBuffer(sizeBytes));
  kept.push(view);
  return { view, address: koffi.address(view) };
}
