// SPDX-License-Identifier: MIT
/*
 * A region without any driver: the memory is the file resource2 that Linux has for BAR2. There are no
 * interrupts, and no rings.
 *
 * What type of memory that is, and why it is not the best, is in docs/guests.md.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../pci.h"

int region_list(char names[][REGION_NAME_SIZE], int most)
{
	return pci_list(names, most);
}

/* The device answers only once it is enabled, which else a driver does. */
static int enable(const char *name)
{
	int fd = pci_open_file(name, "enable", O_WRONLY);
	int failed = fd < 0 || (write(fd, "1", 1) < 0 && errno != EBUSY); /* it has a driver */

	if (fd >= 0)
		close(fd);
	return failed ? -1 : 0;
}

int region_open(struct region *region, const char *name)
{
	struct stat status;
	int fd;

	if (enable(name) < 0)
		return -1;
	fd = pci_open_file(name, "resource2", O_RDWR);
	if (fd < 0)
		return -1;
	*region = (struct region){ .device = fd, .events = -1 };
	if (fstat(fd, &status) < 0)
		return -1;
	region->size = status.st_size;
	region->memory = mmap(NULL, region->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return region->memory == MAP_FAILED ? -1 : 0;
}

void region_close(struct region *region)
{
	munmap(region->memory, region->size);
	close(region->device);
}

int region_ring(struct region *region, uint32_t peer, uint32_t vector)
{
	(void)region, (void)peer, (void)vector;
	errno = EOPNOTSUPP;
	return -1;
}

int region_wait(struct region *region, uint32_t counts[], uint32_t most, int timeout_ms)
{
	(void)region, (void)counts, (void)most, (void)timeout_ms;
	errno = EOPNOTSUPP;
	return -1;
}
