/* Calls to the driver that must fail, and what they answer: one line each, for the test to compare. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ivshmem.h"

#define PAGE 4096

static void *volatile nowhere = (void *)8; /* so that the compiler does not see it */
static sigjmp_buf after_fault;

static void on_fault(int number)
{
	siglongjmp(after_fault, number);
}

/* What a call answered: its value, or its errno. */
static void say(const char *what, long long value)
{
	if (value == -1)
		printf("%s: %s\n", what, strerrorname_np(errno));
	else
		printf("%s: %lld\n", what, value);
	fflush(stdout);
}

static void say_mapped(const char *what, const void *address)
{
	say(what, address == MAP_FAILED ? -1 : 0);
}

/* Whether a byte can be read. */
static void say_touched(const char *what, const volatile char *address)
{
	int number = sigsetjmp(after_fault, 1);

	signal(SIGBUS, on_fault);
	if (number == 0) {
		(void)*address;
		say(what, 0);
	} else {
		printf("%s: SIG%s\n", what, sigabbrev_np(number));
	}
}

static void say_polled(const char *what, int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN | POLLOUT };

	poll(&ready, 1, 0);
	printf("%s:%s%s%s%s\n", what, ready.revents & POLLIN ? " IN" : "",
	       ready.revents & POLLOUT ? " OUT" : "", ready.revents & POLLERR ? " ERR" : "",
	       ready.revents & POLLHUP ? " HUP" : "");
}

static struct ivshmem_info info_of(int fd)
{
	struct ivshmem_info info = { 0 };

	say("info", ioctl(fd, IVSHMEM_GET_INFO, &info));
	return info;
}

static void *map(int fd, size_t length, int protection, int flags, off_t offset)
{
	return mmap(NULL, length, protection, flags, fd, offset);
}

static void mappings(int fd, const char *path, size_t size)
{
	const int both = PROT_READ | PROT_WRITE;
	int read_only = open(path, O_RDONLY);
	void *page = map(fd, PAGE, both, MAP_SHARED, size - PAGE);

	say_mapped("map the last page", page);
	say_touched("touch the last page", page);
	say_mapped("map all", map(fd, size, both, MAP_SHARED, 0));
	say_mapped("map a page more", map(fd, size + PAGE, both, MAP_SHARED, 0));
	say_mapped("map past the end", map(fd, PAGE, both, MAP_SHARED, size));
	say_mapped("map across the end", map(fd, 2 * PAGE, both, MAP_SHARED, size - PAGE));
	say_mapped("map at the end of all offsets", map(fd, PAGE, both, MAP_SHARED, -PAGE));
	say_mapped("map a copy", map(fd, PAGE, both, MAP_PRIVATE, 0));
	say_mapped("map a copy to read", map(fd, PAGE, PROT_READ, MAP_PRIVATE, 0));
	say_mapped("grow a mapping", mremap(page, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	say_mapped("map to write what is open to read", map(read_only, PAGE, both, MAP_SHARED, 0));
	say_mapped("map to read what is open to read", map(read_only, PAGE, PROT_READ, MAP_SHARED, 0));
	close(read_only);
}

static void rings(int fd, __u32 own)
{
	const struct ivshmem_ring wrong_peer = { .peer = 65536 }, wrong_vector = { .vector = 65536 };
	const struct ivshmem_ring nobody = { .peer = 65535, .vector = 65535 };
	const struct ivshmem_ring mixed[] = { nobody, wrong_peer, nobody };
	const struct ivshmem_ring self = { .peer = own, .vector = 1 };
	struct ivshmem_event event;

	say("ring peer 65536", write(fd, &wrong_peer, 8));
	say("ring vector 65536", write(fd, &wrong_vector, 8));
	say("ring nobody", write(fd, &nobody, 8));
	say("ring two of three", write(fd, mixed, sizeof(mixed)));
	say("ring half", write(fd, &nobody, 4));
	say("ring one and a half", write(fd, mixed, 12));
	say("ring nothing", write(fd, &nobody, 0));
	say("ring from nowhere", write(fd, nowhere, 8));
	say("read half", read(fd, &event, 4));
	say("read when there is nothing", read(fd, &event, 8));
	say_polled("poll when there is nothing", fd);
	say("ring self", write(fd, &self, 8));
	while (poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, -1) < 1)
		;
	say_polled("poll when there is something", fd);
	say("read to nowhere", read(fd, nowhere, 8));
	say("read what stayed", read(fd, &event, sizeof(event)));
	printf("it is vector %u, %u times\n", event.vector, event.count);
	say("read it again", read(fd, &event, sizeof(event)));
}

/* Two files of one device, and a reader with room for one event at a time. */
static void readers(int fd, const char *path, __u32 own)
{
	const struct ivshmem_ring both[] = { { own, 3 }, { own, 0 } };
	struct ivshmem_event event = { 0 };
	int other = open(path, O_RDWR | O_NONBLOCK);
	__u32 seen[4] = { 0 };

	say("ring vectors 3 and 0", write(fd, both, sizeof(both)));
	while (read(other, &event, sizeof(event)) < 0 || event.vector != 3)
		write(fd, &both[1], sizeof(both[1])); /* and 0 again and again */
	printf("another file has seen vector %u\n", event.vector);
	close(other);
	while (read(fd, &event, sizeof(event)) > 0)
		seen[event.vector] += event.count;
	printf("this one has, too: %s\n", seen[3] == 1 && seen[0] > 0 ? "yes" : "no");
}

static void others(int fd)
{
	char byte;

	say("unknown ioctl", ioctl(fd, _IO(0xB9, 0x7f)));
	say("info to nowhere", ioctl(fd, IVSHMEM_GET_INFO, nowhere));
	say("seek", lseek(fd, 0, SEEK_SET));
	say("read at an offset", pread(fd, &byte, 1, 0));
}

static void without_interrupts(int fd)
{
	const struct ivshmem_ring ring = { 0 };
	struct ivshmem_event event;

	say("ring", write(fd, &ring, sizeof(ring)));
	say("read", read(fd, &event, sizeof(event)));
	say_polled("poll", fd);
}

/* Has the device open, and waits, while it is taken away. */
static void removal(int fd, size_t size)
{
	const struct ivshmem_ring ring = { 0 };
	struct ivshmem_event event;
	char *touched = map(fd, size, PROT_READ, MAP_SHARED, 0);
	char *untouched = map(fd, size, PROT_READ, MAP_SHARED, 0);

	say_touched("touch before", touched);
	fcntl(fd, F_SETFL, 0);
	say("wait", read(fd, &event, sizeof(event)));
	say_touched("touch what was mapped", touched);
	say_touched("touch what was not touched", untouched);
	say_polled("poll", fd);
	say("ring", write(fd, &ring, sizeof(ring)));
	info_of(fd);
	say_mapped("map", map(fd, PAGE, PROT_READ, MAP_SHARED, 0));
	say("read", read(fd, &event, sizeof(event)));
}

/* One write(2) of as many rings of vector 0 of peer 0 as it takes: minutes, if nobody ends it. */
static void storm(int fd)
{
	const size_t size = 1u << 30;

	write(fd, mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0), size);
}

int main(int argc, char **argv)
{
	int fd = argc == 3 ? open(argv[2], O_RDWR | O_NONBLOCK) : -1;
	struct ivshmem_info info;

	if (fd < 0)
		return 2;
	info = info_of(fd);
	if (strcmp(argv[1], "storm") == 0) {
		storm(fd);
	} else if (strcmp(argv[1], "removal") == 0) {
		removal(fd, info.size);
	} else if (info.vectors == 0) {
		without_interrupts(fd);
		mappings(fd, argv[2], info.size);
	} else {
		rings(fd, info.peer);
		readers(fd, argv[2], info.peer);
		mappings(fd, argv[2], info.size);
		others(fd);
	}
	return 0;
}
