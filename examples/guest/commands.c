// SPDX-License-Identifier: MIT
/*
 * What can be done with a region: one program for each way to reach it, made of this file, exchange.c
 * and that way's region.c.
 */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exchange.h"
#include "ivshmem-header.h"
#include "region.h"

#define MOST_DEVICES 64
#define MOST_VECTORS 2048

static const char usage[] =
	"usage: %s [-d DEVICE | -l LABEL] COMMAND\n"
	"\n"
	"  info                      all devices: size, own peer ID, vectors, label\n"
	"  read OFFSET LENGTH        bytes of the memory, to standard output\n"
	"  write OFFSET TEXT\n"
	"  ring PEER VECTOR\n"
	"  wait [MILLISECONDS]       for interrupts, and tell which vectors had some\n"
	"  echo [TIMES]              answer who asks\n"
	"  ping [TIMES]              ask, and wait for each answer\n"
	"\n"
	"DEVICE is what info prints first; it need not be said when there is one device.\n";

static char names[MOST_DEVICES][REGION_NAME_SIZE];

static uint64_t number(const char *text)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 0);

	if (*text >= '0' && *text <= '9' && *end == '\0')
		return value;
	fprintf(stderr, "'%s' is no number\n", text);
	exit(2);
}

static uint32_t number_to(uint32_t most, const char *text)
{
	const uint64_t value = number(text);

	if (value <= most)
		return value;
	fprintf(stderr, "'%s' is over %u\n", text, most);
	exit(2);
}

static uint32_t small_number(const char *text)
{
	return number_to(UINT32_MAX, text);
}

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* Others may have written it: what steers a terminal is not for ours. */
static const char *printable(const char *text)
{
	static char shown[4 * 64 + 1];
	char *to = shown;

	for (; *text != '\0' && to < shown + sizeof(shown) - 4; text++)
		to += sprintf(to, iscntrl((unsigned char)*text) ? "\\x%02x" : "%c",
			      (unsigned char)*text);
	*to = '\0';
	return shown;
}

/* The region's name, if it has a header; else an empty one. */
static const char *label_of(const struct region *region)
{
	static struct ivshmem_header header;

	return ivshmem_header_check(region->memory, region->size, &header) == 0 ? header.label : "";
}

static void open_or_fail(struct region *region, const char *name)
{
	if (region_open(region, name) < 0)
		fail(name);
}

/* The one that was asked for, or the only one. */
static struct region choose(const char *device, const char *label)
{
	struct region region;
	int count;

	if (device != NULL) {
		open_or_fail(&region, device);
		return region;
	}
	count = region_list(names, MOST_DEVICES);
	for (int i = 0; label != NULL && i < count; i++) {
		if (region_open(&region, names[i]) < 0) {
			perror(names[i]);
			continue;
		}
		if (strcmp(label_of(&region), label) == 0)
			return region;
		region_close(&region);
	}
	if (label != NULL || count != 1) {
		fprintf(stderr, label == NULL ? "%d devices: choose one with -d or -l\n"
					      : "none of %d devices has this label\n",
			count);
		exit(1);
	}
	open_or_fail(&region, names[0]);
	return region;
}

static int info(void)
{
	const int count = region_list(names, MOST_DEVICES);
	int failed = 0;

	for (int i = 0; i < count; i++) {
		struct region region;

		if (region_open(&region, names[i]) < 0) {
			perror(names[i]);
			failed++;
			continue;
		}
		printf("%s: %llu bytes, peer %u, vectors %u, label '%s'\n", names[i],
		       (unsigned long long)region.size, region.peer, region.vectors,
		       printable(label_of(&region)));
		region_close(&region);
	}
	if (count == 0)
		fprintf(stderr, "there is no device\n");
	return failed == count;
}

static char *bytes(const struct region *region, uint64_t offset, uint64_t length)
{
	if (offset <= region->size && length <= region->size - offset)
		return (char *)region->memory + offset;
	fprintf(stderr, "%llu bytes at %llu: the memory has %llu\n", (unsigned long long)length,
		(unsigned long long)offset, (unsigned long long)region->size);
	exit(1);
}

static int wait_for_interrupts(struct region *region, int timeout_ms)
{
	static uint32_t counts[MOST_VECTORS];

	fprintf(stderr, "peer %u waits for interrupts\n", region->peer);
	switch (region_wait(region, counts, MOST_VECTORS, timeout_ms)) {
	case -1:
		fail("wait");
	case 0:
		fprintf(stderr, "no interrupt in %d ms\n", timeout_ms);
		return 1;
	}
	for (uint32_t vector = 0; vector < MOST_VECTORS; vector++)
		if (counts[vector] > 0)
			printf("vector %u: %u\n", vector, counts[vector]);
	return 0;
}

static int run(struct region *region, int count, char **words)
{
	const char *command = words[0];

	if (strcmp(command, "read") == 0 && count == 3) {
		uint64_t length = number(words[2]);

		return fwrite(bytes(region, number(words[1]), length), 1, length, stdout) != length;
	}
	if (strcmp(command, "write") == 0 && count == 3) {
		size_t length = strlen(words[2]);

		memcpy(bytes(region, number(words[1]), length), words[2], length);
		return 0;
	}
	if (strcmp(command, "ring") == 0 && count == 3) {
		if (region_ring(region, small_number(words[1]), small_number(words[2])) < 0)
			fail("ring");
		return 0;
	}
	if (strcmp(command, "wait") == 0 && count <= 2)
		return wait_for_interrupts(region, count == 2 ? (int)number_to(INT_MAX, words[1]) : -1);
	if (strcmp(command, "echo") == 0 && count <= 2)
		return exchange_echo(region, count == 2 ? small_number(words[1]) : 0);
	if (strcmp(command, "ping") == 0 && count <= 2)
		return exchange_ping(region, count == 2 ? small_number(words[1]) : 1000);
	return 2;
}

int main(int argc, char **argv)
{
	const char *device = NULL, *label = NULL;
	struct region region;
	int option, code = 2;

	while ((option = getopt(argc, argv, "+d:l:")) != -1) {
		if (option == 'd')
			device = optarg;
		else if (option == 'l')
			label = optarg;
		else
			goto wrong;
	}
	if (argc - optind == 1 && strcmp(argv[optind], "info") == 0)
		return info();
	if (optind == argc)
		goto wrong;
	region = choose(device, label);
	code = run(&region, argc - optind, argv + optind);
	if (fflush(stdout) != 0)
		fail("standard output");
	if (code != 2)
		return code;
wrong:
	fprintf(stderr, usage, argv[0]);
	return 2;
}
