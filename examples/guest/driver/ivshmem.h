/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * What a program says to /dev/ivshmemN. The memory is mmap(2), from offset 0.
 *
 * Errors of all calls: ENODEV once the device is gone (SIGBUS for memory that was mapped before),
 * EOPNOTSUPP for interrupts on a device that has none (ivshmem-plain), EINVAL for what is not as it
 * says here.
 */
#ifndef IVSHMEM_H
#define IVSHMEM_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * read(2): one for each vector that was interrupted since this file's last read, or since its open;
 * waits for one (O_NONBLOCK: EAGAIN). poll(2) tells when there is one.
 */
struct ivshmem_event {
	__u32 vector;
	__u32 count;	/* interrupts; how many rings became one is not known */
};

/*
 * write(2): each rings one vector of one peer. A peer or vector that is not there is rung in vain:
 * the device does not tell. EINVAL for a number over 65535.
 */
struct ivshmem_ring {
	__u32 peer;
	__u32 vector;
};

struct ivshmem_info {
	__u64 size;	/* of the memory, in bytes */
	__u32 peer;	/* the own ID (IVPosition); 0 on ivshmem-plain, too */
	__u32 vectors;	/* that can interrupt; 0 on ivshmem-plain */
};

#define IVSHMEM_GET_INFO _IOR(0xB9, 0x00, struct ivshmem_info)

#endif
