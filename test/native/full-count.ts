// Eventfds at their end: as full as a writer can make them, and as only the kernel can.
import { closeSync, openSync, writeSync } from 'node:fs';
import koffi from 'koffi';
import type { Fd } from '../../native/fd.js';
import { addressOf } from '../../native/libc.js';

const MAX_COUNT = 0xffff_ffff_ffff_fffen;
// io_setup, io_destroy, io_submit: https://man7.org/linux/man-pages/man2/io_submit.2.html
const [IO_SETUP, IO_DESTROY, IO_SUBMIT] = process.arch === 'x64' ? [206, 207, 209] : [0, 1, 2];
const IOCB_FLAG_RESFD = 1;

/** The highest count a write can reach; the next one would block. */
export function fillEventfd(fd: Fd): void {
  writeSync(fd.rawFd, new BigUint64Array([MAX_COUNT]));
}

/** One more than full: poll says POLLERR. The kernel rings so itself, here when a read is done. */
export function overflowEventfd(fd: Fd): void {
  fillEventfd(fd);
  const syscall = koffi.load(null).func('long syscall(long, uintptr_t, uintptr_t, uintptr_t)') as (
    number: number,
    ...args: (number | bigint)[]
  ) => number;
  const memory = new ArrayBuffer(96); // aio_context_t, struct iocb *, struct iocb at 16, data at 80
  const view = new DataView(memory);
  const address = addressOf(memory);
  const file = openSync('/dev/zero', 'r');
  syscall(IO_SETUP, 1, address, 0);
  view.setBigUint64(8, address + 16n, true);
  view.setUint32(16 + 20, file, true); // aio_fildes; aio_lio_opcode 0 reads
  view.setBigUint64(16 + 24, address + 80n, true); // aio_buf
  view.setBigUint64(16 + 32, 8n, true); // aio_nbytes
  view.setUint32(16 + 56, IOCB_FLAG_RESFD, true);
  view.setUint32(16 + 60, fd.rawFd, true); // aio_resfd
  const context = view.getBigUint64(0, true);
  const submitted = syscall(IO_SUBMIT, context, 1, address + 8n);
  syscall(IO_DESTROY, context, 0, 0);
  closeSync(file);
  if (submitted !== 1) throw new Error('the kernel took no asynchronous read');
}
