// SPDX-License-Identifier: MIT
/*
 * A region through vfio-pci, the kernel's own driver for programs that are drivers themselves. The
 * device must be bound to it, and the guest have an IOMMU: docs/guests.md says how.
 *
 * https://docs.kernel.org/driver-api/vfio.html
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../pci.h"

#define IV_POSITION 8
#define DOORBELL 12

int region_list(char names[][REGION_NAME_SIZE], int most)
{
	return pci_list(names, most);
}

/* The group of devices that the IOMMU cannot tell apart: here one. */
static int open_group(const char *name)
{
	char link[2 * REGION_NAME_SIZE], target[REGION_NAME_SIZE] = "", path[2 * REGION_NAME_SIZE];

	snprintf(link, sizeof(link), "/sys/bus/pci/devices/%s/iommu_group", name);
	if (readlink(link, target, sizeof(target) - 1) < 0)
		return -1;
	snprintf(path, sizeof(path), "/dev/vfio%s", strrchr(target, '/'));
	return open(path, O_RDWR | O_CLOEXEC);
}

static int open_device(const char *name)
{
	int container, device = -1, group = open_group(name);

	if (group < 0)
		return -1;
	container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (container >= 0 && ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) == 0 &&
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU) == 0)
		device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);
	/* The device keeps what it needs of both. */
	if (container >= 0)
		close(container);
	close(group);
	return device;
}

static struct vfio_region_info part_of(int device, uint32_t index)
{
	struct vfio_region_info part = { .argsz = sizeof(part), .index = index };

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &part) < 0)
		part.size = 0;
	return part;
}

/* The device answers only when its memory is switched on, and sends MSI-X only as a bus master. */
static int enable(int device)
{
	const uint64_t at = part_of(device, VFIO_PCI_CONFIG_REGION_INDEX).offset + PCI_COMMAND;
	uint16_t command;

	if (pread(device, &command, sizeof(command), at) < 0)
		return -1;
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	return pwrite(device, &command, sizeof(command), at) < 0 ? -1 : 0;
}

/* An eventfd for each vector, all in one epoll. */
static int enable_interrupts(struct region *region)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = VFIO_PCI_MSIX_IRQ_INDEX };
	struct vfio_irq_set *set;
	int result = -1;

	region->events = epoll_create1(EPOLL_CLOEXEC);
	if (region->events < 0 || ioctl(region->device, VFIO_DEVICE_GET_IRQ_INFO, &info) < 0)
		return -1;
	region->vectors = info.count;
	if (info.count == 0)
		return 0;
	set = calloc(1, sizeof(*set) + info.count * sizeof(int32_t));
	if (set == NULL)
		return -1;
	set->argsz = sizeof(*set) + info.count * sizeof(int32_t);
	set->flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
	set->index = VFIO_PCI_MSIX_IRQ_INDEX;
	set->count = info.count;
	for (uint32_t vector = 0; vector < info.count; vector++) {
		int32_t fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		struct epoll_event event = { .events = EPOLLIN,
					     .data.u64 = (uint64_t)vector << 32 | (uint32_t)fd };

		memcpy(set->data + vector * sizeof(fd), &fd, sizeof(fd));
		if (fd < 0 || epoll_ctl(region->events, EPOLL_CTL_ADD, fd, &event) < 0)
			goto out;
	}
	result = ioctl(region->device, VFIO_DEVICE_SET_IRQS, set) < 0 ? -1 : 0;
out:
	free(set);
	return result;
}

int region_open(struct region *region, const char *name)
{
	struct vfio_region_info memory;

	*region = (struct region){ .device = open_device(name), .events = -1 };
	if (region->device < 0)
		return -1;
	memory = part_of(region->device, VFIO_PCI_BAR2_REGION_INDEX);
	region->registers = part_of(region->device, VFIO_PCI_BAR0_REGION_INDEX).offset;
	region->size = memory.size;
	region->memory = mmap(NULL, memory.size, PROT_READ | PROT_WRITE, MAP_SHARED, region->device,
			      memory.offset);
	if (region->memory == MAP_FAILED || enable(region->device) < 0 ||
	    enable_interrupts(region) < 0 ||
	    pread(region->device, &region->peer, 4, region->registers + IV_POSITION) < 0) {
		int error = errno;

		region_close(region);
		errno = error;
		return -1;
	}
	return 0;
}

/* The eventfds end with the process: programs here have one region for as long as they live. */
void region_close(struct region *region)
{
	if (region->memory != MAP_FAILED)
		munmap(region->memory, region->size);
	close(region->events);
	close(region->device);
}

int region_ring(struct region *region, uint32_t peer, uint32_t vector)
{
	const uint32_t value = peer << 16 | vector;

	if (region->vectors == 0 || peer > 0xffff || vector > 0xffff) {
		errno = region->vectors == 0 ? EOPNOTSUPP : EINVAL;
		return -1;
	}
	return pwrite(region->device, &value, 4, region->registers + DOORBELL) < 0 ? -1 : 0;
}

int region_wait(struct region *region, uint32_t counts[], uint32_t most, int timeout_ms)
{
	struct epoll_event events[64];
	int ready;

	if (region->vectors == 0) {
		errno = EOPNOTSUPP;
		return -1;
	}
	ready = epoll_wait(region->events, events, 64, timeout_ms);
	for (int i = 0; i < ready; i++) {
		uint32_t vector = events[i].data.u64 >> 32;
		uint64_t count;

		if (read((int)events[i].data.u64, &count, sizeof(count)) > 0 && vector < most)
			counts[vector] += count;
	}
	return ready;
}
