// SPDX-License-Identifier: MIT
/* A region through the driver: /dev/ivshmemN, as ivshmem.h has it. */
#include "../region.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ivshmem.h"

int region_list(char names[][REGION_NAME_SIZE], int most)
{
	glob_t found;
	int count = 0;

	if (glob("/dev/ivshmem*", 0, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; i < found.gl_pathc && count < most; i++)
		snprintf(names[count++], REGION_NAME_SIZE, "%s", found.gl_pathv[i]);
	globfree(&found);
	return count;
}

int region_open(struct region *region, const char *name)
{
	struct ivshmem_info info;
	int fd = open(name, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, IVSHMEM_GET_INFO, &info) < 0)
		return -1;
	*region = (struct region){
		.memory = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
		.size = info.size,
		.peer = info.peer,
		.vectors = info.vectors,
		.device = fd,
		.events = -1,
	};
	return region->memory == MAP_FAILED ? -1 : 0;
}

void region_close(struct region *region)
{
	munmap(region->memory, region->size);
	close(region->device);
}

int region_ring(struct region *region, uint32_t peer, uint32_t vector)
{
	const struct ivshmem_ring ring = { .peer = peer, .vector = vector };

	return write(region->device, &ring, sizeof(ring)) < 0 ? -1 : 0;
}

int region_wait(struct region *region, uint32_t counts[], uint32_t most, int timeout_ms)
{
	struct pollfd ready = { .fd = region->device, .events = POLLIN };
	struct ivshmem_event events[64];
	ssize_t length;
	int answer;

	if (region->vectors == 0) {
		errno = EOPNOTSUPP;
		return -1;
	}
	answer = poll(&ready, 1, timeout_ms);
	if (answer <= 0)
		return answer;
	length = read(region->device, events, sizeof(events));
	if (length < 0)
		return errno == EAGAIN ? 0 : -1;
	for (size_t i = 0; i < length / sizeof(events[0]); i++)
		if (events[i].vector < most)
			counts[events[i].vector] += events[i].count;
	return length / sizeof(events[0]);
}
